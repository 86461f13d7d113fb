# SPDX-License-Identifier: GPL-2.0-only
"""Death, lies, random calls and races, in a guest of their own.

SDIRECT_SECONDS says how long each program runs (default: a few seconds),
SDIRECT_SEED where its rounds begin, SDIRECT_TORTURE which programs (default:
all), SDIRECT_KERNEL which kernel, as for tools/vm/run; a failure prints the
line that repeats it.
"""
import os
import shlex
import socket
import subprocess

import pytest

import conftest
import plan
from guestrun import SLOWER, module, running, vm_run

PROGRAMS = os.environ.get("SDIRECT_TORTURE", "death hostile fuzz races").split()
CHECKS = ("no_connections_are_left", "module_is_not_held",
          "leases_were_taken_back", "no_pages_are_left", "unload",
          "no_leaks_are_found")
AF_SDIRECT = 18
BOOT = 200              # seconds to boot, and for the checks
EXTRA = 100             # what a program may take beyond its time
REPLAY = "# replay: "


def limit():
    seconds = int(os.environ.get("SDIRECT_SECONDS", "4"))
    return SLOWER * (BOOT + len(PROGRAMS) * EXTRA) + len(PROGRAMS) * seconds


def in_guest(build, *programs):
    return [plan.TOP / "selftests/torture/run.py", module(build), *programs]


def replay(build, line):
    """The same on this side of the guest."""
    argv = [*vm_run(build), *in_guest(build, line.removeprefix(REPLAY))]
    return "replay: " + shlex.join(str(arg) for arg in argv)


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("-C", "selftests/torture")
    yield from running(build, "torture", in_guest(build, *PROGRAMS),
                       conftest.teller(request.config), limit())


@pytest.mark.guest
@pytest.mark.parametrize("name", (*PROGRAMS, *CHECKS))
def test_torture(run, build, name):
    result = run.result("torture", name)
    lines = result.lines if result else run.tail
    lines += [replay(build, line) for line in lines if line.startswith(REPLAY)]
    assert result and result.outcome == "passed", "\n".join(lines)


@pytest.mark.guest
def test_torture_log(run):
    """Nothing in the kernel's log, and the guest ended in order."""
    assert run.finish() == 0, "\n".join(run.tail)


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
