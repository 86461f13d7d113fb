#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest: the socket tests, with an allocation failing in each run.

Prints "@@ passed NAME" or "@@ failed NAME" for each program in each family, and
for each check that follows.
"""
import argparse
import collections
import os
import pathlib
import shlex
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "selftests/torture"), str(TOP / "selftests"),
                str(TOP / "tools/vm")]
sys.dont_write_bytecode = True

import chosen  # noqa: E402
import faults  # noqa: E402
import judge  # noqa: E402
import run as torture  # noqa: E402
from state import State  # noqa: E402

BUILD = torture.BUILD
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
SILENCE = 8 + 3 * SLOWER        # seconds without a system call: it hangs
LIMIT = 60 + 30 * SLOWER        # seconds for one run
TELL = 10                       # seconds between lines that say how far it is
AGAIN = 3                       # runs to see a finding once more
MAX_FINDINGS = 20
SCALE = "1"                     # percent: each message is stopped twice
ENV = {"SDIRECT_EXPECT": "1", "SDIRECT_SCALE": SCALE}


def say(text):
    print(f"# fault: {text}", flush=True)


def failnth(case, *options):
    """The lines that it prints."""
    argv = [BUILD / "selftests/fault/failnth", "--silence", str(SILENCE),
            "--limit", str(LIMIT), "--cpu", "1", *options, "--",
            *case.argv(BUILD)]
    done = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=2 * LIMIT, preexec_fn=torture.enter_group,
                          env={**os.environ, **ENV, **case.env()})
    lines = done.stdout.decode(errors="replace").splitlines()
    assert done.returncode == 0, f"{case.full}: {lines[-3:]}"
    return lines


def module_is_let_go():
    torture.eventually(lambda: "", lambda: torture.REFCOUNT.read_text()
                       .strip() == "0")


class Injector:
    """Does one run after the other, and remembers."""

    def __init__(self, options, state):
        self.options = options
        self.state = state
        self.chooser = chosen.Chooser(options.seed)
        self.log = faults.Log()
        self.counts = collections.Counter()
        self.findings = collections.defaultdict(list)
        self.runs = 0
        self.told = time.monotonic()

    def time_is_up(self):
        return sum(map(len, self.findings.values())) >= MAX_FINDINGS or (
            self.options.seconds and
            self.state.seconds >= self.options.seconds)

    def tell(self, case):
        now = time.monotonic()
        if now - self.told < TELL:
            return
        self.told = now
        left = (f", {self.options.seconds - self.state.seconds:.0f} s left"
                if self.options.seconds else "")
        say(f"{len(self.state.done)} runs of {len(self.state.profiles)} tests"
            f"{left}; now {case.full}")

    def profile(self, case):
        """How many allocations it makes in which call."""
        if case.full not in self.state.profiles:
            begin = time.monotonic()
            lines = failnth(case, "--count")
            run = judge.parse(lines)[0]
            verdict = judge.judge(run)
            if verdict.kind != "passed":
                self.report(case, 0, verdict, run)
            self.state.profile(case.full, judge.counted(lines),
                               time.monotonic() - begin)
        return self.state.profiles[case.full]

    def once(self, case, nth):
        run = judge.parse(failnth(case, "--nth", str(nth)))[0]
        verdict = judge.judge(run)
        try:
            module_is_let_go()
        except AssertionError:
            verdict = judge.Verdict("finding", "something is not let go of")
        if bad := self.log.bad_lines():
            verdict = judge.Verdict("finding", "log: " + "; ".join(bad))
        return run, verdict

    def explained(self, case, nth):
        """The same once more, with where the allocation failed."""
        stack = []
        for _ in range(AGAIN):
            with faults.Where() as where:
                run, verdict = self.once(case, nth)
                stack = where.functions()
            if verdict.kind == "finding":
                lost = judge.judge(run, stack)
                if lost.kind == "lost":
                    verdict = lost
                return run, verdict, stack
        return None, None, stack

    def inject(self, case, nth):
        """One run; true if something failed in it."""
        if (case.full, nth) in self.state.done:
            kind, why = self.state.done[case.full, nth]
            if kind == "finding":
                self.findings[case.group].append(
                    [f"# FAILED fault: {case.full}, N={nth}: {why}",
                     f"# replay: --only {case.full} --nth {nth}"])
            return kind != "none"
        begin = time.monotonic()
        self.tell(case)
        self.state.begin(case.full, nth)
        run, verdict = self.once(case, nth)
        if verdict.kind == "finding":
            again, explained, stack = self.explained(case, nth)
            if explained:
                run, verdict = again, explained
            else:
                verdict = judge.Verdict(
                    "finding", f"{verdict.why} (not again in {AGAIN} runs)")
            if verdict.kind == "finding":
                self.report(case, nth, verdict, run, stack)
        kind = verdict.kind if run.hits else "none"
        self.counts[kind] += 1
        self.state.add(case.full, nth, kind, verdict.why,
                       time.monotonic() - begin)
        return bool(run.hits)

    def report(self, case, nth, verdict, run, stack=()):
        lines = [f"# FAILED fault: {case.full}, N={nth}: {verdict.why}",
                 f"#   {judge.describe(run)}",
                 *(f"#   at {name}" for name in stack),
                 *(f"#   {line}" for line in run.output[:40]),
                 "# replay: " + shlex.join(["failnth", "--nth", str(nth), "--",
                                            *case.argv("build")]),
                 f"# replay: --only {case.full} --nth {nth}"]
        self.findings[case.group].append(lines)
        print("\n".join(lines), flush=True)

    def first_pass(self, cases):
        for case in cases:
            if self.time_is_up():
                return
            self.tell(case)
            for nth in self.chooser.first(case, self.profile(case)):
                self.inject(case, nth)

    def second_pass(self, cases):
        for case, nth in self.chooser.rest():
            if self.time_is_up():
                return
            self.inject(case, nth)
        # A failure makes some go other ways, which may be longer.
        for case in cases:
            nth = sum(used for _, used in self.profile(case)) + 1
            while not self.time_is_up() and self.inject(case, nth):
                nth += 1

    def survived(self):
        """What no guest survives is not tried for ever."""
        if fatal := self.state.fatal():
            self.state.add(*fatal, "finding", "no guest survives it", 0)
        elif self.state.begun:
            self.inject(chosen.Case(*self.state.begun[-1][0].split(".")),
                        self.state.begun[-1][1])

    def run(self, cases):
        self.survived()
        if self.options.nth:
            for case in cases:
                for nth in self.options.nth:
                    self.inject(case, nth)
            return
        self.first_pass(cases)
        self.second_pass(cases)


def verdicts(injector):
    """One for each program in each family; true if all are good.

    What was said of a finding when it was found is said again in its place.
    """
    done = collections.Counter(
        chosen.Case(*name.split(".")).group for name, _ in injector.state.done)
    for group in chosen.groups():
        torture.mark("case", group)
        for lines in injector.findings[group]:
            print("\n".join(lines))
        if injector.findings[group]:
            torture.mark("failed", group)
        elif done[group]:
            torture.mark("passed", f"{done[group]} runs")
        else:
            torture.mark("skipped", "there was no time for any of it")
    return not any(injector.findings.values())


def numbers(text):
    return [int(word) for word in text.split(",")]


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="selftests/fault/inject.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("module", help="sdirect.ko for this kernel")
    add("--seconds", metavar="S", type=int, default=0,
        help="do what fits (default: everything, which takes hours)")
    add("--seed", metavar="N", type=int, default=1,
        help="what is done first (default 1)")
    add("--only", metavar="TEXT", default="",
        help="tests whose names, MODE.PROGRAM.VARIANT.TEST, begin so")
    add("--nth", metavar="N,...", type=numbers,
        help="these allocations alone")
    add("--state", metavar="FILE", type=pathlib.Path,
        default=pathlib.Path("/tmp/fault.state"),
        help="what has been done; an interrupted run goes on")
    add("--key", default="", help="what the file must have been made with")
    add("--list", action="store_true", help="list the tests in their order")
    return parser.parse_args(argv)


def prepare(module):
    faults.allow()
    (torture.GROUPS / "cgroup.subtree_control").write_text("+memory")
    torture.GROUP.mkdir()
    subprocess.run(["insmod", module], check=True, timeout=60)


def main():
    options = parse(sys.argv[1:])
    cases = [case for case in chosen.ordered(chosen.all_cases(), options.seed)
             if case.full.startswith(options.only)]
    if options.list:
        print("\n".join(case.full for case in cases))
        return 0
    if not cases:
        say(f"no test begins with {options.only}")
        return 2
    if not faults.available():
        say("this kernel has no FAULT_INJECTION")
        return 2
    torture.mark("section", "fault")
    prepare(options.module)
    state = State(options.state, options.key)
    if state.old:
        say(f"goes on after {state.old} runs")
    injector = Injector(options, state)
    injector.run(cases)
    state.end()
    kinds = ", ".join(f"{count} {kind}" for kind, count in
                      sorted(injector.counts.items()))
    say(f"{len(state.done)} runs of {len(state.profiles)} tests: {kinds}")
    good = verdicts(injector)
    results = [torture.attempt(check.__name__, check)
               for check in torture.CHECKS]
    return 0 if good and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
