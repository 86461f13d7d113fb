# SPDX-License-Identifier: GPL-2.0-only
"""The module's unit tests (kmod/*_test.c), run by KUnit in the debug guest.

They are run where that kernel has been built; SDIRECT_DEBUG_KERNEL=1 makes it
an error that it has not.
"""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

import plan
from conftest import teller
from guestrun import TELL, end_with_parent

sys.path.insert(0, str(plan.TOP / "tools" / "vm"))

from built import kernel_path  # noqa: E402
from image import Unusable  # noqa: E402

LIMIT = 400             # seconds for the guest
BAD_LOG = 126
INDENT = 4              # blanks for each level of the kernel's KTAP
SUITE = re.compile(r"struct kunit_suite \w+ = \{\s*\.name\s*=\s*\"(\w+)\"")
CASE = re.compile(r"^\tKUNIT_CASE(?:_PARAM)?\((\w+)", re.M)
RESULT = re.compile(r"^( *)(not )?ok \d+ ([^#]*?)(?: # (SKIP)?.*)?$")
STAMP = re.compile(r"^\[ *\d+\.\d+\] ?")
# Every allocation can fail on demand; those that need not are told nothing.
GUEST = """
cd /sys/kernel/debug || exit
for what in failslab fail_page_alloc; do
    echo N >$what/ignore-gfp-wait && echo 0 >$what/verbose || exit
done
echo 0 >fail_page_alloc/min-order || exit
insmod "$1" && rmmod sdirect_kunit || exit
# Two scans: what is young may still be in a register.
for i in 1 2; do
    echo scan >kmemleak || exit
    sleep 6
done
cat kmemleak
"""


def listed():
    """(suite, case) of all, as their sources say."""
    found = []
    for path in sorted((plan.TOP / "kmod").glob("*_test.c")):
        text = path.read_text()
        for suite in SUITE.findall(text):
            found += [(suite, case) for case in CASE.findall(text)]
    return found


LISTED = listed()


class Ktap:
    """Results by (suite, case), read from a kernel log.

    A line of a suite is not indented, one of a case is by one level, one of a
    parameter by two; what comes before a result explains it.
    """

    def __init__(self, log):
        self.results = {}
        self.suites = {}
        cases, lines = {}, []
        for line in log.splitlines():
            line = STAMP.sub("", line)
            lines.append(line)
            match = RESULT.match(line)
            if not match or len(match[1]) % INDENT:
                continue
            level, name = len(match[1]) // INDENT, match[3].strip()
            outcome = ("failed" if match[2] else
                       "skipped" if match[4] else "passed")
            if level == 1:
                cases[name] = (outcome, lines)
                lines = []
            elif level == 0:
                self.suites[name] = outcome
                for case, result in cases.items():
                    self.results[(name, case)] = result
                cases, lines = {}, []


class Run:
    """One guest that has loaded the unit tests."""

    def __init__(self, build, tell):
        kdir, out = kernel_path("debug"), build / "kunit"
        self.tell = tell
        self.console = pathlib.Path(os.environ.get("SDIRECT_CONSOLE") or
                                    out / "console")
        self.console.unlink(missing_ok=True)
        status, built = self.call(plan.TOP / "tools/module-for", kdir, out,
                                  "SDIRECT_KUNIT=y")
        assert status == 0, built[-4000:]
        self.status, self.output = self.call(
            plan.TOP / "tools/vm/run", "--kernel", "debug", "--check-log",
            "--quiet", "--timeout", LIMIT, "--console", self.console,
            "/bin/sh", "-c", GUEST, "sh", out / "sdirect_kunit.ko")
        self.ktap = Ktap(self.log())

    def log(self):
        return (self.console.read_text(errors="replace")
                if self.console.exists() else "")

    def call(self, *argv):
        """Status and output; says how far it is."""
        begin = time.monotonic()
        with subprocess.Popen([str(arg) for arg in argv], text=True,
                              stdin=subprocess.DEVNULL, errors="replace",
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              preexec_fn=end_with_parent) as process:
            try:
                output = None
                while output is None:
                    output = self.wait(process, argv[0].name, begin)
            except BaseException:
                process.terminate()
                raise
        return process.returncode, output

    def wait(self, process, name, begin):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=TELL)[0]
        seconds = time.monotonic() - begin
        self.tell(f"kunit: {name}: {seconds:.0f} s, "
                  f"{len(Ktap(self.log()).results)} of {len(LISTED)} cases")
        assert seconds < 2 * LIMIT, f"{name} has not ended"
        return None


def why_not():
    try:
        if kernel_path("debug").is_dir():
            return None
    except Unusable as error:
        return str(error)
    return "the debug kernel has not been built: make debug-kernel"


@pytest.fixture(scope="module")
def kunit(request, build):
    reason = why_not()
    if reason and os.environ.get("SDIRECT_DEBUG_KERNEL") != "1":
        pytest.skip(reason)
    assert not reason, reason
    return Run(build, teller(request.config))


@pytest.mark.parametrize("suite, case", LISTED)
def test_case(kunit, suite, case):
    assert (suite, case) in kunit.ktap.results, kunit.output
    outcome, lines = kunit.ktap.results[(suite, case)]
    if outcome == "skipped":
        pytest.skip(lines[-1].strip())
    assert outcome == "passed", "\n".join(lines)


def test_all_are_listed(kunit):
    """None that runs is missing here, none is listed that does not run."""
    assert set(kunit.ktap.results) == set(LISTED)
    assert set(kunit.ktap.suites) == {suite for suite, _ in LISTED}


def test_guest(kunit):
    """The kernel's log is clean, it unloads, and nothing is leaked."""
    assert kunit.status == 0, kunit.output
    assert "unreferenced object" not in kunit.output, kunit.output


KTAP = """\
[    1.000000] KTAP version 1
[    1.000000]     # Subtest: one
[    1.000000]     ok 1 good
[    1.000000]         ok 1 a parameter
[    1.000000]         not ok 2 another
[    1.000000]     # bad: EXPECTATION FAILED at x.c:1
[    1.000000]     not ok 2 bad
[    1.000000]     ok 3 left_out # SKIP no memory
[    1.000000] not ok 1 one
[    2.000000] ok 2 two
"""


def test_ktap():
    """What a log says is understood."""
    ktap = Ktap(KTAP)
    assert {key: value[0] for key, value in ktap.results.items()} == {
        ("one", "good"): "passed", ("one", "bad"): "failed",
        ("one", "left_out"): "skipped"}
    assert ktap.suites == {"one": "failed", "two": "passed"}
    assert "EXPECTATION FAILED" in "\n".join(ktap.results["one", "bad"][1])
