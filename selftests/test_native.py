# SPDX-License-Identifier: GPL-2.0-only
"""Tests that need no kernel module: the ring, and the socket tests on TCP."""
import os
import re
import socket
import subprocess

import pytest

import plan
from conftest import make

RING = ("ring_math", "ring_event", "ring_wake", "ring_fence", "ring_stream")
WAYS = ("plain", "asan", "tsan")
LIMIT = 200
UNITS = ("lib", "sdirect", "sdirectd")
AF_SDIRECT = 18


def run(argv, **env):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=LIMIT,
                          env=dict(os.environ, **env), check=False)
    print(done.stdout)
    return done


@pytest.fixture(scope="session")
def native(build):
    make("-C", "selftests", "native")
    return build / "selftests/native"


@pytest.fixture(scope="session")
def net(build):
    make("-C", "selftests", "net")
    return build / "selftests/net"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RING)
def test_ring(native, name, way):
    done = run([native / f"{name}-{way}"])
    assert done.returncode == 0, done.stdout
    assert re.search(r"PASSED.*[1-9]\d* test", done.stdout)


@pytest.mark.parametrize("part", UNITS)
def test_units(top, build, part):
    """The unit tests of the library and of the command."""
    done = run(["make", "-C", top / "tools" / part, f"BUILD={build}",
                "check"])
    assert done.returncode == 0, done.stdout


ATTACH = r"""
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sdirect.h"

/* Of a socket that is none of ours, by the way that is asked for. */
int main(int argc, char **argv)
{
	int (*attach)(int fd) = sdirect_attach;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	void *handle;

	if (argc > 1) {
		handle = dlopen(argv[1], RTLD_NOW |
				(argc > 2 ? RTLD_DEEPBIND : 0));
		attach = (int (*)(int))dlsym(handle, "sdirect_attach");
	}
	if (attach(fd))
		puts(errno == EOPNOTSUPP ? "yields" : strerrorname_np(errno));
	return 0;
}
"""
LINKED = ("-L{build}", "-Wl,-rpath,{build}", "-lsdirect")
STATIC = ("{build}/libsdirect.a",)
LOADED = ("{build}/libsdirect.so.0",)


@pytest.mark.parametrize("link, words, said", [
    (LINKED, (), "ENOTTY"),
    (STATIC, (), "yields"),
    ((*STATIC, "-rdynamic"), (), "yields"),
    (LINKED, LOADED, "yields"),
    (LINKED, (*LOADED, "deep"), "yields"),
], ids=["linked", "static", "exported", "handle", "deep"])
def test_one_copy_has_the_rings(build, tmp_path, link, words, said):
    """Under the shim the library is the shim's; another copy does without."""
    link, words = ([word.format(build=build) for word in each]
                   for each in (link, words))
    make("tools")
    source = tmp_path / "attach.c"
    source.write_text(ATTACH, encoding="utf-8")
    program = tmp_path / "attach"
    done = run(["cc", "-D_GNU_SOURCE", f"-I{plan.NET}/../../tools/lib/include",
                f"-I{plan.NET}/../../uapi", "-o", program, source, *link])
    assert done.returncode == 0
    alone = run([program, *words])
    under = run([program, *words],
                LD_PRELOAD=str(build / "libsdirect-preload.so"))
    assert alone.stdout.split() == ["ENOTTY"]
    assert under.stdout.split() == [said]


@pytest.mark.parametrize("program", plan.programs())
def test_listing(net, program):
    """What was read from the source is what the program would run."""
    listed = run([net / program, "-l"]).stdout.split()
    parsed = [t.full for t in plan.tests(plan.NET / f"{program}.c")]
    assert listed == parsed and listed


def has_oracle(program):
    """Not what TCP does not have."""
    return any(test.variant == "tcp"
               for test in plan.tests(plan.NET / f"{program}.c"))


@pytest.mark.parametrize("program", [p for p in plan.programs()
                                     if has_oracle(p)])
def test_tcp_passes(net, program):
    """The oracle: what is asked of AF_SDIRECT holds on plain TCP."""
    done = run([net / program, "-v", "tcp,tcp6,tcp_hot"],
               SDIRECT_SCALE="25")
    assert done.returncode == 0, "\n".join(
        line for line in done.stdout.splitlines() if not
        line.startswith(("ok", "#  ", "#      ")))


def test_a_failing_test_fails(net):
    """The harness itself: a missing family fails where it is expected."""
    try:
        socket.socket(AF_SDIRECT, socket.SOCK_STREAM).close()
    except OSError:
        argv = [net / "family", "-v", "sdirect", "-t", "names"]
        assert run(argv).returncode == 0
        assert run(argv, SDIRECT_EXPECT="1").returncode == 1
    assert run([net / "family", "-v", "none"]).returncode == 2
