# SPDX-License-Identifier: GPL-2.0-only
"""The corpus of the fuzzer, and what the fuzzer must find.

The tapes of torture/corpus are run in a guest of their own, on the kernel that
SDIRECT_KERNEL names; where that is the debug kernel, the search for new ones is
tried as well.
"""
import os
import re
import shlex
import subprocess

import pytest

import conftest
import plan
from built import kernel_path
from guestrun import KERNEL, SLOWER, Guest, vm_run

CORPUS = plan.TOP / "selftests/torture/corpus"
CHECKS = ("no_connections_are_left", "module_is_not_held",
          "leases_were_taken_back", "no_pages_are_left", "unload",
          "no_leaks_are_found")
LIMIT = 400             # seconds for a guest
SEARCH = 40             # seconds of new ones
# Of about 2000: what every tape reaches is about half of it.
PLACES = 800
ARGS = " 000102030405060708090a0b0c0d0e0f\n"
REPLAY = "# replay: "


def command(module, *words):
    return [plan.TOP / "selftests/torture/run.py", module,
            shlex.join(str(word) for word in ("fuzz", *words))]


class Run:
    """One guest that runs the fuzzer, and what it said."""

    def __init__(self, request, build, name, module, *words):
        conftest.make("-C", "selftests/torture")
        self.vm_run = vm_run(build)
        self.module = module
        self.guest = Guest(build, name, command(module, *words),
                           conftest.teller(request.config), LIMIT * SLOWER)

    def check(self, name):
        result = self.guest.result("torture", name)
        lines = result.lines if result else self.guest.tail
        lines += [self.replay(line) for line in lines
                  if line.startswith(REPLAY + "fuzz ")]
        assert result and result.outcome == "passed", "\n".join(lines)
        return lines

    def replay(self, line):
        words = shlex.split(line.removeprefix(REPLAY))[1:]
        argv = [*self.vm_run, *command(self.module, *words)]
        return "replay: " + shlex.join(str(arg) for arg in argv)


@pytest.fixture(scope="module")
def corpus(request, build):
    conftest.make_module()
    run = Run(request, build, "corpus", conftest.module(build), "--replay",
              CORPUS)
    yield run
    run.guest.stop()


@pytest.mark.guest
@pytest.mark.parametrize("name", ("fuzz", *CHECKS))
def test_corpus(corpus, name):
    corpus.check(name)


@pytest.mark.guest
def test_corpus_log(corpus):
    """Nothing in the kernel's log, and the guest ended in order."""
    assert corpus.guest.finish() == 0, "\n".join(corpus.guest.tail)


@pytest.mark.guest
def test_search(request, build, monkeypatch, tmp_path):
    """It sees what is reached, keeps what reaches more, and goes on."""
    if KERNEL != "debug":
        pytest.skip("KCOV is in the debug kernel only")
    subprocess.run([plan.TOP / "tools/module-for", kernel_path(KERNEL),
                    build / "kcov", "KCOV_INSTRUMENT=y"], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SDIRECT_SECONDS", str(SEARCH))
    run = Run(request, build, "search", build / "kcov/sdirect.ko", "--kcov",
              "--corpus", tmp_path, "--seed", "1")
    lines = run.check("fuzz")
    assert run.guest.finish() == 0, "\n".join(run.guest.tail)
    tapes, places = map(int, re.search(
        r"(\d+) tapes, (\d+) places reached, all well",
        "\n".join(lines)).groups())
    assert tapes > 1 and places > PLACES


# --- what needs no module ---

@pytest.fixture(scope="module")
def fuzz(build):
    conftest.make("tools")
    conftest.make("-C", "selftests/torture")
    path = build / "selftests/torture/fuzz"

    def run(*words):
        done = subprocess.run([path, *words], check=False, text=True,
                              timeout=200, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(done.stdout)
        return done

    return run


def tape(where, name, *calls):
    path = where / f"{name}.tape"
    path.write_text("".join(call + ARGS for call in calls))
    return path


def test_corpus_can_be_read(fuzz):
    done = fuzz("--check", CORPUS)
    count = len(list(CORPUS.glob("*.tape")))
    assert done.returncode == 0 and f"# fuzz: {count} tapes" in done.stdout
    assert count >= 10


@pytest.mark.parametrize("text", ("", "send\n", "no_such_call" + ARGS,
                                  "send 00zz\n", "send" + ARGS[:-1] + "00\n",
                                  "send" + ARGS[:-1] + " more\n"))
def test_what_is_no_tape(fuzz, tmp_path, text):
    path = tmp_path / "a.tape"
    path.write_text("# text\n" + text)
    assert fuzz("--check", path).returncode == 2
    assert fuzz("--replay", "--tcp", path).returncode == 2


def test_tcp_passes(fuzz, tmp_path):
    tape(tmp_path, "a", "send", "recv", "close", "pair", "send")
    tape(tmp_path, "b", "netlink", "poll", "shutdown", "epoll")
    done = fuzz("--replay", "--tcp", "--times", "3", tmp_path)
    assert done.returncode == 0 and "6 sequences, all well" in done.stdout


@pytest.mark.parametrize("call, why", [("test_fail", "it failed"),
                                       ("test_hang", "it hangs")])
def test_what_is_found(fuzz, tmp_path, call, why):
    path = tape(tmp_path, "a", "send", call)
    done = fuzz("--replay", "--tcp", path)
    assert done.returncode == 1
    assert f"# FAILED fuzz: {path}: {why}" in done.stdout
    assert f"# replay: fuzz --replay {path}" in done.stdout


@pytest.mark.guest
def test_bad_log_is_found(build, fuzz, tmp_path):
    """A line of the kernel's log ends it at once."""
    path = tape(tmp_path, "a", "send", "test_log")
    assert fuzz("--check", path).returncode == 0
    done = subprocess.run(
        [plan.TOP / "tools/vm/run", "--quiet", "--",
         build / "selftests/torture/fuzz", "--replay", "--tcp", path],
        check=False, text=True, stdin=subprocess.DEVNULL, timeout=200,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 1, done.stdout
    assert "# log: BUG: none, a test of the fuzzer" in done.stdout
    assert f"# FAILED fuzz: {path}: the kernel's log" in done.stdout


def test_usage(fuzz):
    assert "usage: fuzz" in fuzz("--help").stdout
    for words in (["--replay"], ["--corpus", "/tmp"], ["--kcov"]):
        assert fuzz(*words).returncode == 2
    if not os.path.exists("/sys/kernel/debug/kcov"):
        done = fuzz("--kcov", "--corpus", "/tmp")
        assert done.returncode == 2 and "kcov" in done.stdout
