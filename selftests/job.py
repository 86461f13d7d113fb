# SPDX-License-Identifier: GPL-2.0-only
"""One run of pytest as a process group with a time limit.

All it says goes to a log, what is of interest at once to the caller as well.
"""
import os
import re
import selectors
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

import plan
from guestrun import TELL, end_with_parent

HEARTBEAT = TELL + 2    # what runs in it tells first
PATIENCE = 40           # seconds for what was told to end
EXCERPT = 100           # lines of a failure
VERDICT = re.compile(r"\b(PASSED|FAILED|ERROR|SKIPPED)\s+\[ *\d+%\]")
TOLD = re.compile(r"^(guest: |vm: |# |[a-z]+: \d|[a-z]+: \S+: \d|replay: )")
KILLED = re.compile(r"^# (\w+): \d+ rounds, (\d+) killed")
HARNESS = re.compile(r"^# (PASSED|FAILED|Starting|Totals)[: ]")
BEGIN_EXCERPT = re.compile(r"^=+ (FAILURES|ERRORS) =+$")


def others():
    """What is set outside must not change what a stage does."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("SDIRECT_")}


class Job:
    def __init__(self, out, stage, env, say):
        self.stage = stage
        self.say = say
        self.xml = out / f"{stage.name}.xml"
        self.log = out / f"{stage.name}.log"
        self.env = dict(env, SDIRECT_CONSOLE=str(out / f"{stage.name}.console"))
        self.limit = stage.limit * 60 + 2 * int(env.get("SDIRECT_SECONDS", 0))
        self.begin = self.told = time.monotonic()
        self.partial = b""
        self.results = 0
        self.killed = {}
        self.excerpt = None     # lines still to be shown

    def argv(self):
        return [sys.executable, "-m", "pytest", "-v", f"--junitxml={self.xml}",
                *(plan.TOP / "selftests" / path for path in self.stage.tests),
                *self.stage.options]

    def run(self):
        """Ends all that it has started, whatever happens."""
        with open(self.log, "wb") as log:
            process = subprocess.Popen(
                [str(word) for word in self.argv()], cwd=plan.TOP,
                env={**others(), **self.env}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=end_with_parent)
            try:
                in_time = self.follow(process.stdout, log)
            finally:
                self.end(process)
        return self.result(process.returncode, in_time)

    def end(self, process):
        """The whole group: also the guest of one that does not react."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    pass
        process.wait()
        process.stdout.close()

    def follow(self, stream, log):
        """False at the time limit."""
        end = self.begin + self.limit
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while (now := time.monotonic()) < end:
                if now - self.told >= HEARTBEAT:
                    self.tell(f"{self.results} results so far")
                if not selector.select(min(end - now, 1)):
                    continue
                data = os.read(stream.fileno(), 65536)
                if not data:
                    return True
                log.write(data)
                log.flush()
                self.take(data)
        return False

    def tell(self, text):
        self.told = time.monotonic()
        self.say(f"{self.stage.name}: {self.told - self.begin:.0f} s: {text}")

    def take(self, data):
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        for line in lines:
            self.line(line.decode(errors="replace").rstrip())

    def line(self, line):
        if VERDICT.search(line):
            self.results += 1
        if match := KILLED.match(line):
            self.killed[match[1]] = int(match[2])
        if BEGIN_EXCERPT.match(line) and self.excerpt is None:
            self.excerpt = EXCERPT
        if self.excerpt and not line.startswith("replay: "):
            self.excerpt -= 1
            self.say(f"    {line}")
        elif TOLD.match(line) and not HARNESS.match(line):
            self.tell(line)

    def counts(self):
        total = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        try:
            for suite in tree.parse(self.xml).iter("testsuite"):
                for name in total:
                    total[name] += int(suite.get(name, 0))
        except (OSError, tree.ParseError):
            pass
        return total

    def result(self, status, in_time):
        total = self.counts()
        failed = total["failures"] + total["errors"]
        passed = total["tests"] - failed - total["skipped"]
        return {
            "status": "hangs" if not in_time else
                      "passed" if status == 0 and passed and not failed else
                      "failed",
            "passed": passed, "failed": failed, "skipped": total["skipped"],
            "killed": sum(self.killed.values()),
            "seconds": round(time.monotonic() - self.begin),
        }
