# SPDX-License-Identifier: GPL-2.0-only
"""Test suites of other programs, under the shim and on TCP.

Only if SDIRECT_SUITES is all: hours.  What reads and compares their results is
tested always.
"""
import json
import os
import pathlib
import select
import subprocess
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, Guest

SUITES = plan.TOP / "selftests" / "suites"
sys.path.insert(0, str(SUITES))

import verdicts  # noqa: E402
import launch  # noqa: E402
import outcomes  # noqa: E402
import rings  # noqa: E402
import suites  # noqa: E402
import listed  # noqa: E402
from outcomes import Outcome  # noqa: E402

ALL = os.environ.get("SDIRECT_SUITES") == "all"
KNOWN = listed.suites()
PASSED, FAILED = Outcome("passed"), Outcome("failed", "why")
SKIPPED, ERROR = Outcome("skipped"), Outcome("error")
LIMIT = 10              # seconds for what ends at once
PLANTED_IN = "test_socketserver"
LIMIT_PLANTED = 1200    # seconds: what fails is tried again

UNIT = """
import unittest, os
class T(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.fail("planted")
    def test_error(self): raise OSError
    def test_skip(self): self.skipTest("no")
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
class U(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError
    def test_never(self): pass
"""


class SuiteGuest(Guest):
    """One that may write where results are kept."""

    def _argv(self, build, command):
        first, *rest = super()._argv(build, command)
        return [first, "--share", build / "selftests" / "suites", *rest]


@pytest.fixture(scope="session")
def sources():
    conftest.make_module()
    done = subprocess.run([SUITES / "sources.py"], check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return done.stdout.strip()


@pytest.mark.guest
@pytest.mark.skipif(not ALL, reason="SDIRECT_SUITES is not all")
@pytest.mark.parametrize("name", KNOWN)
def test_suite(request, build, sources, name):
    results = build / "selftests" / "suites"
    results.mkdir(parents=True, exist_ok=True)
    guest = SuiteGuest(
        build, f"suites/{name}", [SUITES / "suites.py", "--results", results,
                                  "--sources", sources, name],
        conftest.teller(request.config), KNOWN[name].minutes * 60 * SLOWER)
    try:
        result = guest.result("suites", name)
        assert result, "\n".join(guest.tail)
        assert result.outcome == "passed", "\n".join(result.lines)
        status = guest.finish()
        if status:      # the kernel's log: what is kept must not hide it
            (results / f"{name}.json").unlink(missing_ok=True)
        assert status == 0, "\n".join(guest.tail)
    finally:
        guest.stop()


@pytest.mark.guest
@pytest.mark.skipif(not ALL, reason="SDIRECT_SUITES is not all")
def test_planted(request, build, sources):
    """A bit that changes on its way is seen in what tests say."""
    results = build / "selftests" / "suites"
    results.mkdir(parents=True, exist_ok=True)
    flip = results / "flip.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", flip,
                    SUITES / "flip.c"], check=True)
    guest = SuiteGuest(
        build, "suites/planted",
        [SUITES / "suites.py", "--fresh", "--plant", flip, "--results",
         results / "planted", "--sources", sources, PLANTED_IN],
        conftest.teller(request.config), LIMIT_PLANTED * SLOWER)
    try:
        result = guest.result("suites", PLANTED_IN)
        assert result, "\n".join(guest.tail)
        assert result.outcome == "failed"
        assert [line for line in result.lines
                if line.startswith("differs: ")], result.lines
        assert guest.finish() == 1, "\n".join(guest.tail)
    finally:
        guest.stop()


def test_data_files():
    """Reasons are there; nothing is argued of a suite that is not."""
    assert {row["suite"] for row in listed.differs()} <= set(KNOWN)
    for suite in KNOWN.values():
        assert suite.module or suite.programs, suite.name
        if suite.programs:
            assert set(suite.deselected) <= set(suite.programs), suite.name


@pytest.mark.parametrize("text", [
    '[[suite]]\nname = "a"\nkind = "python"\nleast = 1\nrings = 1\n' * 2,
    '[[suite]]\nname = "a"\nkind = "python"\nleast = 1\nrings = 1\n'
    'deselect = [{ test = "t", why = "" }]\n'])
def test_broken_table(tmp_path, text):
    path = tmp_path / "suites.toml"
    path.write_text(text)
    with pytest.raises(listed.Broken):
        listed.suites(path)


def test_argued(tmp_path):
    path = tmp_path / "argued.toml"
    path.write_text('[[differs]]\nsuite = "a"\ntests = ["x.*"]\nwhy = "so"\n')
    assert listed.argued("a", "xy", path) == "so"
    assert listed.argued("a", "yx", path) is None
    assert listed.argued("b", "xy", path) is None
    path = tmp_path / "unargued.toml"
    path.write_text('[[differs]]\nsuite = "a"\ntests = ["x"]\nwhy = ""\n')
    with pytest.raises(listed.Broken):
        listed.argued("a", "x", path)


def pyunit(tmp_path, text, *options):
    (tmp_path / "planted.py").write_text(text)
    events = tmp_path / "events"
    done = subprocess.run(
        ["/usr/bin/python3", SUITES / "pyunit.py", "--events", events,
         *options, "planted"], cwd=tmp_path, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return outcomes.from_events(events.read_text(), "planted",
                                done.returncode)


needs_suite = pytest.mark.skipif(
    not list(pathlib.Path("/usr/lib").glob("python3*/test/test_socket.py")),
    reason="libpython3.11-testsuite is not installed")


@needs_suite
def test_every_outcome(tmp_path):
    found = pyunit(tmp_path, UNIT)
    words = {name.removeprefix("planted.T.test_"): outcome.word
             for name, outcome in found.items()}
    assert words == {
        "good": "passed", "bad": "failed", "error": "error", "skip": "skipped",
        "sub": "failed", "expected": "passed", "unexpected": "failed",
        "setUpClass (planted.U)": "error"}
    assert "planted" in found["planted.T.test_bad"].why


@needs_suite
@pytest.mark.parametrize("line, word", [
    ("import time; time.sleep(60)", "hang"),
    ("os.kill(os.getpid(), 9)", "crash"), ("os._exit(3)", "crash")])
def test_unfinished(tmp_path, line, word):
    """A test that takes the process along is blamed, those before it count."""
    text = ("import unittest, os\nclass T(unittest.TestCase):\n"
            "    def test_a(self): pass\n    def test_b(self):\n"
            f"        {line}\n    def test_c(self): pass\n")
    found = pyunit(tmp_path, text, "--limit", "2")
    assert {name[-1]: outcome.word for name, outcome in found.items()} == \
        {"a": "passed", "b": word}


@needs_suite
def test_some(tmp_path):
    only, without = tmp_path / "only", tmp_path / "without"
    only.write_text("planted.T.test_good\nplanted.T.test_bad")
    without.write_text("planted.T.test_bad")
    assert set(pyunit(tmp_path, UNIT, "--only", only, "--without", without)) \
        == {"planted.T.test_good"}


def test_events_cut_off():
    line = json.dumps({"end": "a", "outcome": "passed", "why": ""})
    text = f'{{"start": "a"}}\n{line}\n{{"start": "b"}}\n{{"end": "b", "ou'
    found = outcomes.from_events(text, "m", "hang")
    assert found["a"] == PASSED and found["b"].word == "hang"
    assert outcomes.from_events(line, "m", -11)["m"].word == "crash"


@pytest.mark.parametrize("text, status, words", [
    ("1..2\nok 1 - a\nok 2\n", 0, {"t": "passed", "1": "passed",
                                  "2": "passed"}),
    ("1..2\nok 1\nnot ok 2 - b\n", 1, {"t": "failed", "1": "passed",
                                       "2": "failed"}),
    ("1..2\nok 1\n", 0, {"t": "failed", "1": "passed"}),
    ("ok 1\n", 0, {"t": "failed", "1": "passed"}),
    ("1..0 # SKIP no network\n", 0, {"t": "skipped"}),
    ("1..2\nok 1 # skip none\nnot ok 2 # TODO later\n", 0,
     {"t": "passed", "1": "skipped", "2": "passed"}),
    ("1..1\n", "hang", {"t": "hang"})])
def test_tap(text, status, words):
    found = outcomes.from_tap("t", text, status)
    assert {name.removeprefix("t#"): outcome.word
            for name, outcome in found.items()} == words


@pytest.mark.parametrize("status, word", [
    (0, "passed"), (77, "skipped"), (1, "failed"), (-11, "crash"),
    ("hang", "hang")])
def test_status(status, word):
    assert outcomes.from_status("t", "said", status)["t"].word == word


@pytest.mark.parametrize("tcp, shim, differs", [
    (PASSED, PASSED, False), (PASSED, FAILED, True), (PASSED, SKIPPED, True),
    (PASSED, None, True), (SKIPPED, FAILED, True), (SKIPPED, SKIPPED, False),
    (None, ERROR, True), (FAILED, FAILED, False), (FAILED, PASSED, False)])
def test_differing(tcp, shim, differs):
    sides = [{"t": side} if side else {} for side in (tcp, shim)]
    assert bool(verdicts.differing(*sides)) == differs


@pytest.mark.parametrize("tcp, shim, kind", [
    ([PASSED] * 3, [FAILED] * 3, "differs"),
    ([PASSED] * 3, [FAILED, PASSED, FAILED], "differs"),
    ([PASSED] * 3, [FAILED, PASSED, PASSED], "unsteady"),
    ([PASSED, FAILED, FAILED], [FAILED] * 3, "flaky"),
    ([PASSED, PASSED, FAILED], [FAILED] * 3, "differs"),
    ([PASSED], [FAILED], "differs")])
def test_settle(tcp, shim, kind):
    assert verdicts.settle("t", tcp, shim).kind == kind


def test_compare():
    """Only what is worse is tried again, as often as said, unless argued."""
    tried = []

    def again(tests):
        tried.append(tests)
        return {"b": PASSED}, {"b": FAILED}

    found = verdicts.compare(
        {"a": PASSED, "b": PASSED, "c": PASSED},
        {"a": PASSED, "b": FAILED, "c": FAILED}, again, 3,
        {"c": "known"}.get)
    assert [(v.test, v.kind) for v in found] == \
        [("b", "differs"), ("c", "argued")]
    assert tried == [["b"], ["b"]]


def test_rings():
    none = dict.fromkeys(rings.SHOWN, 0)
    some = {**none, "sockets": 1, rings.SENT: 10, rings.READ: 10}
    assert rings.wrong(none, some, 10) is None
    assert "was on TCP" in rings.wrong(none, none, 0)
    assert "rings not used" in rings.wrong(none, some, 11)
    assert "rings not used" in rings.wrong(none, {**some, rings.READ: 0}, 1)
    assert "was not" in rings.wrong(some, some, 10)


def test_kept(tmp_path, monkeypatch, capsys):
    """What has passed is not run again while nothing changes; the rest is."""
    ran, bad, digest = [], ["1 more fail"], ["a"]

    def compare(_self):
        ran.append(1)
        return ["tcp:", "shim:"], bad

    monkeypatch.setattr(suites, "key", lambda _suite: digest[0])
    monkeypatch.setattr(suites.Runs, "compare", compare)
    suite = KNOWN["test_select"]
    assert not suites.one(suite, tmp_path, False)
    bad.clear()
    for count, fresh in ((2, False), (2, False), (3, True)):
        assert suites.one(suite, tmp_path, fresh) and len(ran) == count
    digest[0] = "b"
    assert suites.one(suite, tmp_path, False) and len(ran) == 4
    said = capsys.readouterr().out
    assert "@@ failed test_select: 1 more fail" in said
    assert "@@ passed test_select" in said


def test_guest_may_write(tmp_path, monkeypatch):
    monkeypatch.setattr(Guest, "_argv", lambda *_: ["vm", "--timeout", "x"])
    argv = SuiteGuest._argv(object.__new__(SuiteGuest), tmp_path, ["x"])
    assert argv == ["vm", "--share", tmp_path / "selftests/suites",
                    "--timeout", "x"]


def ended(pid):
    """A signal that kills is taken some time after it was sent."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(fd):
        return bool(select.select([fd], [], [], LIMIT)[0])


def test_launcher(tmp_path, monkeypatch):
    """A program that says nothing new is ended, with its children."""
    monkeypatch.setattr(launch, "TELL", 0.2)
    told = []
    launcher = launch.Launcher([], tmp_path / "log", told.append)
    assert launcher.run(["sh", "-c", "exit 3"], limit=LIMIT) == 3
    assert launcher.run(["sh", "-c", "sleep 1000 & echo $!; wait"],
                        limit=1) == "hang"
    assert told
    assert ended(int((tmp_path / "log").read_text().split()[-1]))
