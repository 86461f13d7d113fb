#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs tests that take long, stage by stage.

check-debug: what depends on the kernel, on the debug kernel.  check-compat: all
comparisons with TCP, on the stock kernel.  Each stage once; what has passed is
kept in build/; started again with the same sources and the same kernel, it goes
on where it stopped.

soak: what check-debug runs, round after round, with longer programs and another seed each time, on the
debug and the stock kernel by turns, until a stage fails or the time is up.  What
has begun then is finished.
"""
import argparse
import fcntl
import json
import os
import pathlib
import shlex
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tools/vm"))

import plan  # noqa: E402
from built import kernel_path  # noqa: E402
from image import Kernel, Unusable  # noqa: E402
from job import Job  # noqa: E402
from stages import COMMANDS, STAGES, existing, key  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", plan.TOP / "build"))
KERNELS = ("debug", "stock")
EXIT_INTERRUPTED = 130

SOAK = {"debug": {"SDIRECT_SCALE": "100", "SDIRECT_TIME": "6"},
        "stock": {"SDIRECT_SCALE": "100", "SDIRECT_TIME": "3"}}
SOAK_SECONDS = 300
SHORT_SOAK = 12                 # of this many parts, a program has one
SEED_STEP = 1000000             # no round has as many
BUILT_IN = {"debug": {"SDIRECT_KERNEL": "debug", "SDIRECT_DEBUG_KERNEL": "1"},
            "stock": {}}


class Interrupted(Exception):
    """A signal asked to end."""


def interrupt(_number, _frame):
    raise Interrupted


def positive(text):
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="selftests/staged.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("command", choices=(*COMMANDS, "soak"))
    add("stages", metavar="STAGE", nargs="*",
        help="only these (default: all; see --list)")
    add("--list", action="store_true", help="show the stages, run nothing")
    add("--fresh", action="store_true", help="start over; not for soak")
    add("--seconds", metavar="N", type=positive, default=8 * 3600,
        help="soak: how long (default: 8 hours)")
    add("--kernel", choices=KERNELS, help="soak: on this one alone")
    add("--seed", metavar="N", type=positive,
        help="soak: where the first round begins (default: by the clock)")
    options = parser.parse_intermixed_args(argv)
    stages = STAGES if options.command == "soak" else \
        COMMANDS[options.command].stages
    known = {stage.name: stage for stage in existing(stages)}
    for name in options.stages:
        if name not in known:
            parser.error(f"no stage {name}: there are {' '.join(known)}")
    options.stages = [stage for name, stage in known.items()
                      if name in options.stages or not options.stages]
    return options


class Runner:
    """What both commands do: a stage, its files, and what was counted."""

    def __init__(self, name, build=BUILD):
        self.name = name
        self.build = build
        self.out = build / name
        self.out.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.out / "lock", "w", encoding="ascii")
        self.killed = self.passed = 0

    def say(self, text):
        print(f"{self.name}: {text}", flush=True)

    def alone(self):
        """Two of them would use the same files."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.say("is running already")
            return False
        return True

    def run(self, stage, env):
        """One stage from beginning to end."""
        for path in self.out.glob(f"{stage.name}.*"):
            path.unlink()
        job = Job(self.out, stage, dict(env, BUILD=str(self.build)), self.say)
        result = job.run()
        self.passed += result["passed"]
        self.killed += result["killed"]
        return result

    def tell(self, stage, result):
        counts = ", ".join(f"{result[what]} {what}" for what in (
            "passed", "failed", "skipped", "killed") if result[what])
        self.say(f"{stage.name}: {result['status']} in {result['seconds']} s"
                 f" ({counts or 'no results'})")
        if result["status"] != "passed":
            self.say(f"{stage.name}: log: {self.out / stage.name}.log, "
                     f"console: {self.out / stage.name}.console")


def kernel_tag(kernel):
    if kernel == "stock":
        return Kernel(os.environ.get("KVER")).tag
    return kernel_path(kernel).name


class Once(Runner):
    """A command of stages.py."""

    def __init__(self, command, options, build=BUILD, tag=None):
        super().__init__(command.name, build)
        self.command = command
        self.options = options
        self.tag = tag or kernel_tag(command.kernel)

    def env(self, stage):
        seconds = self.command.seconds * stage.weight
        return {**BUILT_IN[self.command.kernel], **self.command.env,
                **dict(stage.env), "SDIRECT_SECONDS": str(seconds)}

    def state(self, stage):
        return self.out / f"{stage.name}.json"

    def known(self, stage):
        """The result that there is for these sources, if it is good."""
        try:
            result = json.loads(self.state(stage).read_text())
        except (OSError, ValueError):
            return None
        good = result.get("key") == key(stage, self.tag, self.env(stage))
        return result if good else None

    def show(self):
        for stage in self.options.stages:
            result = self.known(stage)
            self.say(f"{stage.name}: " + (
                f"passed, took {result['seconds']} s" if result else
                "to be run"))
        return 0

    def do(self, stage):
        """Keeps the result if it is good, and the sources are what they were."""
        before = key(stage, self.tag, self.env(stage))
        result = self.run(stage, self.env(stage))
        self.tell(stage, result)
        if key(stage, self.tag, self.env(stage)) != before:
            self.say(f"{stage.name}: the sources have changed meanwhile, so "
                     "this result is not kept")
        elif result["status"] == "passed":
            path = self.state(stage).with_suffix(".new")
            path.write_text(json.dumps(dict(result, key=before)))
            path.rename(self.state(stage))
        if result["status"] != "passed":
            self.say(f"replay: make {self.name} ONLY={stage.name}")
        return result["status"] == "passed"

    def main(self):
        if self.options.fresh:
            for stage in self.options.stages:
                self.state(stage).unlink(missing_ok=True)
        begin, bad = time.monotonic(), []
        total = len(self.options.stages)
        self.say(f"{total} stages on {self.tag}")
        for number, stage in enumerate(self.options.stages, 1):
            at = f"{stage.name} ({number} of {total})"
            if result := self.known(stage):
                self.say(f"{at}: passed before, in {result['seconds']} s "
                         f"({result['passed']} passed), with these sources")
                continue
            self.say(f"{at}: begins, {time.monotonic() - begin:.0f} s so far")
            if not self.do(stage):
                bad.append(stage.name)
        self.say(f"{time.monotonic() - begin:.0f} s; " + (
            f"FAILED: {' '.join(bad)}" if bad else
            f"all {total} stages passed"))
        return 1 if bad else 0


class Soak(Runner):
    def __init__(self, options, build=BUILD):
        super().__init__("soak", build)
        self.options = options
        self.seed = options.seed or int(time.time()) * 1000
        self.kernels = [options.kernel] if options.kernel else KERNELS
        self.begin = time.monotonic()
        self.end = self.begin + options.seconds
        self.stages = 0

    def env(self, stage, kernel, seed):
        unit = min(SOAK_SECONDS, self.options.seconds // SHORT_SOAK + 1)
        seconds = min(unit * stage.weight,
                      max(unit, int(self.end - time.monotonic())))
        return {**BUILT_IN[kernel], **SOAK[kernel], **dict(stage.env),
                "SDIRECT_SECONDS": str(seconds), "SDIRECT_SEED": str(seed)}

    def show(self):
        for stage in self.options.stages:
            self.say(f"{stage.name}: {shlex.join(stage.tests + stage.options)}")
        return 0

    def round(self, number):
        """False when a stage has failed."""
        kernel = self.kernels[number % len(self.kernels)]
        seed = self.seed + number * SEED_STEP
        for stage in self.options.stages:
            if stage.needs_debug and kernel != "debug":
                continue
            if time.monotonic() >= self.end:
                break
            self.say(f"round {number + 1}, {kernel} kernel, seed {seed}: "
                     f"{stage.name} begins")
            result = self.run(stage, self.env(stage, kernel, seed))
            self.tell(stage, result)
            if result["status"] != "passed":
                self.say(f"replay: make soak ONLY={stage.name} SEED={seed} "
                         f"KERNEL={kernel} SECONDS={self.options.seconds}")
                return False
            self.stages += 1
            self.say(self.so_far())
        return True

    def so_far(self):
        now = time.monotonic()
        minutes = (now - self.begin) / 60
        return (f"{self.stages} stages, {self.passed} tests, {self.killed} "
                f"processes killed in {minutes:.1f} minutes, "
                f"{max(0, self.end - now) / 60:.1f} left")

    def main(self):
        number = 0
        while time.monotonic() < self.end:
            if not self.round(number):
                self.say(f"FAILED in round {number + 1}: {self.so_far()}")
                return 1
            number += 1
        self.say(f"all well, {number} rounds begun: {self.so_far()}")
        return 0


def main():
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        runner = Soak(options) if options.command == "soak" else \
            Once(COMMANDS[options.command], options)
        if options.list:
            return runner.show()
        return runner.main() if runner.alone() else 1
    except Unusable as error:
        print(f"{options.command}: {error}", flush=True)
        return 1
    except Interrupted:
        print("soak: interrupted: " + runner.so_far()
              if options.command == "soak" else
              f"{options.command}: interrupted; what has passed is kept",
              flush=True)
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
