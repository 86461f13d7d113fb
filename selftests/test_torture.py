# SPDX-License-Identifier: GPL-2.0-only
"""Death, lies, random calls and races, in a guest of their own.

SDIRECT_SECONDS says how long each program runs (default: a few seconds),
SDIRECT_SEED where its rounds begin, SDIRECT_KERNEL which kernel, as for
tools/vm/run; a failure prints the line that repeats it.
"""
import os
import re
import socket
import subprocess

import pytest

import conftest
import plan

PROGRAMS = ("death", "hostile", "fuzz", "races")
CHECKS = ("no_connections_are_left", "module_is_not_held",
          "leases_were_taken_back", "no_pages_are_left", "unload",
          "no_leaks_are_found")
MARK = re.compile(r"^@@ (passed|failed) (\w+)$")
AF_SDIRECT = 18
BOOT = 200              # seconds to boot, and for the checks
EXTRA = 100             # what a program may take beyond its time


def seconds():
    return int(os.environ.get("SDIRECT_SECONDS", "4"))


def command():
    """The guest, and in it the programs and the checks."""
    kernel = os.environ.get("SDIRECT_KERNEL")
    module = conftest.BUILD / kernel if kernel else plan.TOP
    argv = [plan.TOP / "tools/vm/run", "--check-log", "--timeout",
            BOOT + len(PROGRAMS) * (seconds() + EXTRA),
            "--env", f"SDIRECT_BUILD={conftest.BUILD}"]
    if kernel:
        argv += ["--kernel", kernel]
    for name in ("SDIRECT_SECONDS", "SDIRECT_SEED", "SDIRECT_TIME"):
        if name in os.environ:
            argv += ["--env", f"{name}={os.environ[name]}"]
    argv += [plan.TOP / "selftests/torture/run.py", module / "sdirect.ko",
             *PROGRAMS]
    return [str(arg) for arg in argv]


class Run:
    """One run of the guest: what each part of it said, and how it ended."""

    def __init__(self, tell):
        self.verdicts = {}
        self.lines = {}
        self.tail = []
        self.tell = tell
        with subprocess.Popen(command(), text=True, errors="replace",
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as guest:
            try:
                self._follow(guest.stdout)
            except BaseException:
                guest.terminate()
                raise
        self.status = guest.returncode

    def _follow(self, stream):
        lines = []
        for line in stream:
            line = line.rstrip("\r\n")
            self.tail = (self.tail + [line])[-60:]
            if mark := MARK.match(line):
                self.verdicts[mark.group(2)] = mark.group(1)
                self.lines[mark.group(2)] = lines
                lines = []
                continue
            lines.append(line)
            if line.startswith(("# ", "vm: ")):
                self.tell(line)

    def check(self, name):
        lines = "\n".join(self.lines.get(name, self.tail))
        assert self.verdicts.get(name) == "passed", lines


@pytest.fixture(scope="session")
def run(request):
    conftest.make("all")
    conftest.make("-C", "selftests/torture")
    return Run(conftest.teller(request.config))


@pytest.mark.guest
@pytest.mark.parametrize("name", PROGRAMS + CHECKS)
def test_torture(run, name):
    run.check(name)


@pytest.mark.guest
def test_torture_log(run):
    """Nothing in the kernel's log, and the guest ended in order."""
    assert run.status == 0, "\n".join(run.tail)


@pytest.fixture(scope="session")
def programs(build):
    conftest.make("tools")
    conftest.make("-C", "selftests/torture")
    return build / "selftests/torture"


def torture(path, *words):
    done = subprocess.run([path, *words], check=False, text=True, timeout=200,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    print(done.stdout)
    return done


@pytest.mark.parametrize("program", ("death", "races"))
def test_tcp_passes(programs, program):
    """The oracle: what is asked of AF_SDIRECT holds on plain TCP."""
    done = torture(programs / program, "--family", "tcp", "--seconds", "2")
    assert done.returncode == 0 and "all well" in done.stdout


def test_a_failure_fails(programs):
    """And says how to see it again."""
    try:
        socket.socket(AF_SDIRECT, socket.SOCK_STREAM).close()
    except OSError:
        done = torture(programs / "death", "--seed", "77", "--seconds", "2",
                       "--only", "any_moment")
        assert done.returncode == 1
        assert "replay: death --seed 77 --rounds 1 --only any_moment" in \
            done.stdout
    assert torture(programs / "death", "--only", "none").returncode == 2
