# SPDX-License-Identifier: GPL-2.0-only
"""The socket tests with each allocation failing, in a guest of their own.

On the debug kernel (SDIRECT_KERNEL=debug), which can make them fail.
SDIRECT_SECONDS says how long (default: some minutes; 0: until all has been
done, which takes hours), SDIRECT_SEED what is done first.  What was interrupted
goes on where it stopped, unless FRESH=1; a failure prints the line that repeats
it.
"""
import errno
import hashlib
import importlib
import os
import shlex
import subprocess
import sys

import pytest

import conftest
import plan
from guestrun import KERNEL, SLOWER, Guest, module, vm_run

sys.path.insert(0, str(plan.TOP / "selftests/fault"))

import chosen  # noqa: E402
import judge  # noqa: E402
from state import State  # noqa: E402

SECONDS = int(os.environ.get("SDIRECT_SECONDS", "360"))
SEED = os.environ.get("SDIRECT_SEED", "1")
CHECKS = ("no_connections_are_left", "module_is_not_held",
          "leases_were_taken_back", "no_pages_are_left", "unload",
          "no_leaks_are_found")
MINUTES = 30            # to boot, for what has begun, and for the checks
COMPLETE = 30 * 86400   # seconds: no limit
REPLAY = "# replay: --only "


def share(build):
    return build / "selftests/fault"


def in_guest(build, *options):
    return [*(str(word) for word in vm_run(build)), "--share",
            str(share(build)), str(plan.TOP / "selftests/fault/inject.py"),
            str(module(build)), *options]


def replay(build, line):
    """The same on this side of the guest."""
    argv = in_guest(build, *shlex.split(line.removeprefix("# replay: ")))
    return "replay: " + shlex.join(argv)


def key(build):
    """Names all that the results depend on."""
    digest = hashlib.sha256(f"{SEED} {SLOWER}".encode())
    paths = [module(build), build / "libsdirect-preload.so",
             share(build) / "failnth",
             *(build / "selftests/net").iterdir(),
             *(plan.TOP / "selftests/fault").glob("*.py")]
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


class FaultGuest(Guest):
    """It may write to the directory of failnth, where it keeps its state."""

    def _argv(self, build, command):
        argv = super()._argv(build, command)
        at = argv.index("--timeout")
        return argv[:at] + ["--share", share(build)] + argv[at:]


@pytest.fixture(scope="session")
def run(request, build):
    if KERNEL != "debug":
        pytest.skip("allocations fail on the debug kernel: make check-fault")
    conftest.make_module()
    conftest.make("-C", "selftests", "net")
    conftest.make("-C", "selftests/fault")
    state = share(build) / "state"
    if os.environ.get("FRESH"):
        state.unlink(missing_ok=True)
    guest = FaultGuest(
        build, "fault", [plan.TOP / "selftests/fault/inject.py",
                         module(build), "--seconds", str(SECONDS),
                         "--seed", SEED, "--state", state,
                         "--key", key(build)],
        conftest.teller(request.config),
        (SECONDS or COMPLETE) + MINUTES * 60)
    yield guest
    guest.stop()


@pytest.mark.guest
@pytest.mark.parametrize("name", (*chosen.groups(), *CHECKS))
def test_fault(run, build, name):
    result = run.result("fault", name)
    lines = result.lines if result else run.tail
    lines += [replay(build, line) for line in lines
              if line.startswith(REPLAY)]
    if result and result.outcome == "skipped":
        pytest.skip(lines[-1])
    assert result and result.outcome == "passed", "\n".join(lines)


@pytest.mark.guest
def test_fault_log(run):
    """Nothing in the kernel's log, and the guest ended in order."""
    assert run.finish() == 0, "\n".join(run.tail)


# How runs are judged.

def run_of(text, *output):
    return judge.parse([f"@ nth=7 used=7 tasks=2 {text}", *output])[0]


CHECK = "| # a.c:1:name:Expected 4 (4) == send(fd, buf, 4, 0) (-1)"


@pytest.mark.parametrize("text, output, kind", [
    ("end=passed hit=sendto,4,1,2", (), "passed"),
    ("end=passed hit=sendto,-12,1,2", (), "passed"),
    ("end=passed", (), "passed"),
    ("end=failed hit=sendto,-12,1,2", (CHECK,), "error"),
    ("end=failed hit=recvfrom,-14,1,2", (CHECK,), "error"),
    ("end=failed hit=socket,-23,1,2", (CHECK,), "error"),
    # Nothing failed, or nobody was told.
    ("end=failed", (CHECK,), "finding"),
    ("end=failed hit=sendto,4,1,2", (CHECK,), "finding"),
    ("end=failed hit=sendto,-512,1,2", (CHECK,), "finding"),
    # No such error on TCP.
    ("end=failed hit=sendto,-23,1,2", (CHECK,), "finding"),
    ("end=failed hit=sendto,-71,1,2", (CHECK,), "finding"),
    ("end=failed hit=sendto,-12,1,2 hit=read,-95,1,3", (CHECK,), "finding"),
    ("end=hung hit=recvfrom,-12,1,2", (), "finding"),
    ("end=hung hit=sendto,4,1,2", (), "finding"),
    # Somebody waits for what was not sent.
    ("end=hung hit=sendto,-14,1,2", (), "error"),
    # The library is told to ask again; of no other error.
    ("end=failed hit=ioctl,-11,1,2", (CHECK,), "error"),
    ("end=failed hit=ioctl,-22,1,2", (CHECK,), "finding"),
    ("end=signal:9 hit=sendto,-12,1,2", (), "finding"),
    ("end=failed crash=11 hit=mmap,-12,1,2", (CHECK,), "finding"),
    ("end=failed hit=sendto,-12,1,2",
     ("| # a.c:2:name:Expected 0 (0) == memcmp(in, out, 200) (3)", CHECK),
     "finding"),
])
def test_judge(text, output, kind):
    assert judge.judge(run_of(text, *output)).kind == kind


def test_lost_by_tcp():
    """Only where the allocation failed there, and only by such an end."""
    run = run_of("end=hung hit=close,0,1,2")
    assert judge.judge(run, ["alloc", "tcp_send_fin"]).kind == "lost"
    assert judge.judge(run, ["alloc", "tcp_sendmsg"]).kind == "finding"
    run = run_of("end=signal:11 hit=close,0,1,2")
    assert judge.judge(run, ["tcp_send_fin"]).kind == "finding"


def test_lost_ring():
    """A connection may stay on TCP where our own allocation failed."""
    warm = "| # a.h:68:name:Expected 0 (0) == net_warm(nf, p) (-1)"
    run = run_of("end=failed hit=sendto,100,1,2", warm)
    assert judge.judge(run, ["alloc", "sdr_ring_alloc"]).kind == "lost"
    assert judge.judge(run, ["alloc", "tcp_sendmsg"]).kind == "finding"
    run = run_of("end=failed hit=sendto,100,1,2", CHECK)
    assert judge.judge(run, ["alloc", "sdr_ring_alloc"]).kind == "finding"


def test_parse():
    run, other = judge.parse([
        "@ nth=3 used=9 tasks=2 end=hung crash=7 hit=read,died,1,2 "
        "hit=poll,-12,2,3", "| says", "# 7: stack: there",
        "@ nth=4 used=4 tasks=1 end=passed"])
    assert run.hits == (judge.Hit("read", None, 1, 2),
                        judge.Hit("poll", -errno.ENOMEM, 2, 3))
    assert (run.nth, run.crash, len(run.output)) == (3, 7, 2)
    assert (other.nth, other.hits, other.output) == (4, (), ())
    assert judge.counted(["= sendto 2 5", "@ nth=0", "= close 1 4"]) == [
        ("sendto", 5), ("close", 4)]


# What is chosen.

def test_order():
    """Each test once before any is done again, and the same each time."""
    cases = chosen.all_cases()
    tests = {(case.program, case.name) for case in cases}
    order = chosen.ordered(cases, 1)
    assert {(case.program, case.name) for case in order[:len(tests)]} == tests
    assert sorted(order) == sorted(cases)
    assert order == chosen.ordered(cases, 1) != chosen.ordered(cases, 2)
    assert {"tcp", "plain", "shim"} == {
        case.family for case in order[:len(tests)]}


def test_everything_is_chosen_once():
    """The first pass begins with the kinds, the second has all the rest."""
    chooser = chosen.Chooser(1)
    cases = [case for case in chosen.all_cases() if case.family == "plain"][:2]
    profile = [("socket", 3)] + 50 * [("sendto", 1)] + [("close", 2)]
    first = {case: chooser.first(case, profile) for case in cases}
    assert len(first[cases[0]]) == chosen.PICKS
    kinds = [chosen.kinds(cases[0], profile)[nth - 1]
             for nth in first[cases[0]]]
    assert len(set(kinds)) == chosen.PICKS
    rest = chooser.rest()
    for case in cases:
        done = first[case] + [nth for other, nth in rest if other == case]
        assert sorted(done) == list(range(1, 56))


def test_state(tmp_path):
    """What was interrupted goes on, with the same programs only."""
    path = tmp_path / "state"
    state = State(path, "one")
    state.profile("a.b.c.d", [("send", 2)], 1)
    state.begin("a.b.c.d", 1)
    state.add("a.b.c.d", 1, "error", "why", 2)
    state.begin("a.b.c.d", 2)
    state.file.write('["done", "a.b')
    state.file.close()
    for times in (1, 2):
        state = State(path, "one")
        assert state.done == {("a.b.c.d", 1): ("error", "why")}
        assert state.profiles == {"a.b.c.d": [("send", 2)]}
        assert state.begun == times * [("a.b.c.d", 2)] and not state.ended
        assert state.fatal() == (("a.b.c.d", 2) if times == 2 else None)
        state.begin("a.b.c.d", 2)
        state.file.close()
    state = State(path, "two")
    assert not state.done and not state.begun


# What runs in the guest, without one.

class FakeGuest:
    """The kernel's side: the third allocation of each test does harm."""

    HARM = {3: "end=failed hit=sendto,4,1,2", 4: "end=passed"}

    def __init__(self, monkeypatch, build):
        monkeypatch.setenv("SDIRECT_BUILD", str(build))
        self.inject = importlib.import_module("inject")
        monkeypatch.setattr(self.inject, "failnth", self.failnth)
        monkeypatch.setattr(self.inject, "module_is_let_go", lambda: None)
        monkeypatch.setattr(self.inject.faults, "Log", lambda: self)
        monkeypatch.setattr(self.inject.faults, "Where", lambda: self)
        self.bad = []
        self.stack = ["kmalloc", "sdr_send"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def bad_lines(self):
        return self.bad

    def functions(self):
        return self.stack

    def failnth(self, _case, what, nth="0"):
        if what == "--count":
            return ["= sendto 2 3", "@ nth=0 used=3 tasks=2 end=passed"]
        end = self.HARM.get(int(nth), "end=passed hit=sendto,4,1,2")
        return [f"@ nth={nth} used={nth} tasks=2 {end}", CHECK]

    def run(self, path, cases):
        options = self.inject.parse(["module", "--state", str(path)])
        state = State(path, "")
        injector = self.inject.Injector(options, state)
        injector.run(cases)
        return injector, self.inject.verdicts(injector)


@pytest.fixture
def fake(monkeypatch, build):
    return FakeGuest(monkeypatch, build)


CASE = chosen.all_cases()[0]


def test_a_finding_is_told(fake, tmp_path, capsys):
    """With where it was and how to see it again; also when it goes on."""
    for _ in range(2):
        injector, good = fake.run(tmp_path / "state", [CASE])
        text = capsys.readouterr().out
        assert not good and f"@@ failed {CASE.group}" in text
        assert f"# replay: --only {CASE.full} --nth 3" in text
        kinds = {nth: kind for (_, nth), (kind, _) in
                 injector.state.done.items()}
        assert kinds == {1: "passed", 2: "passed", 3: "finding", 4: "none"}
        injector.state.file.close()


def test_what_tcp_loses_is_no_finding(fake, tmp_path):
    fake.stack = ["kmalloc", "tcp_send_fin"]
    injector, good = fake.run(tmp_path / "state", [CASE])
    assert good and injector.state.done[CASE.full, 3][0] == "lost"


def test_the_log_is_an_assertion(fake, tmp_path):
    fake.bad = ["BUG: KASAN"]
    injector, good = fake.run(tmp_path / "state", [CASE])
    assert not good and len(injector.findings[CASE.group]) >= 3


def test_what_no_guest_survives_is_left_out(fake, tmp_path):
    for _ in range(2):
        state = State(tmp_path / "state", "")
        state.begin(CASE.full, 2)
        state.file.close()
    injector, good = fake.run(tmp_path / "state", [CASE])
    assert not good
    assert injector.state.done[CASE.full, 2] == ("finding",
                                                 "no guest survives it")


# The tool.

@pytest.fixture(scope="session")
def failnth(build):
    conftest.make("-C", "selftests/fault")

    def call(*words):
        return subprocess.run(
            [share(build) / "failnth", *words], check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60)

    return call


@pytest.mark.parametrize("words", [
    (), ("--nth", "x", "--", "true"), ("--nth", "0", "--", "true"),
    ("--limit", "0", "--", "true"), ("--unknown",)], ids=" ".join)
def test_wrong_usage(failnth, words):
    done = failnth(*words)
    assert done.returncode == 2 and done.stdout.startswith(("usage", "/"))


def test_help(failnth):
    assert failnth("--help").returncode == 0


def test_ends_are_told_apart(failnth):
    """Also where nothing can fail."""
    def ends(script, *options):
        done = failnth(*options, "--count", "--", "sh", "-c", script)
        assert done.returncode == 0, done.stdout
        return judge.parse(done.stdout.splitlines())[0]

    assert ends("exit 0").end == "passed"
    run = ends("echo it says this; exit 3")
    assert (run.end, run.output) == ("failed", ("| it says this",))
    assert ends("kill -9 $$").end == "signal:9"
    assert ends("sleep 50", "--silence", "1").end == "hung"
    assert ends("sleep 50 & sleep 50", "--silence", "1").end == "hung"
    assert failnth("--", "/no/such/program").returncode == 1
