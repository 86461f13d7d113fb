# SPDX-License-Identifier: GPL-2.0-only
"""One guest for all tests that need the module.

The guest is started when the first of them runs and is read as far as each
of them needs, so results show as they come.
"""
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import time

from plan import TOP

# Which kernel, as for tools/vm/run; one with checks is several times slower.
KERNEL = os.environ.get("SDIRECT_KERNEL")
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
LIMIT = 900 * SLOWER    # seconds for the whole guest
SILENCE = 200 * SLOWER  # seconds without a word from it
PASSED_ON = ("SDIRECT_SCALE", "SDIRECT_TIME")
MARK = re.compile(r"^@@ (\w+) (.*)$")
OK = re.compile(r"^(not )?ok \d+ (.*)$")
RUN = re.compile(r"^#  RUN +(\S+) \.\.\.$")
BAD_LOG = 126


class Result:
    def __init__(self, outcome, lines):
        self.outcome = outcome          # passed, failed, skipped
        self.lines = lines


class Output:
    """Turns what the guest prints into results.

    "@@ section NAME" begins a program, "@@ case NAME" and "@@ passed",
    "@@ failed" or "@@ skipped" enclose a case; the rest is TAP as the
    kernel's harness writes it.
    """

    def __init__(self):
        self.section = None
        self.current = None
        self.lines = []
        self.results = {}

    def _end(self, outcome):
        self.results[(self.section, self.current)] = Result(outcome,
                                                            self.lines)
        self.current, self.lines = None, []

    def _mark(self, word, rest):
        if word == "section":
            self.section, self.current, self.lines = rest, None, []
        elif word == "case":
            self.current, self.lines = rest, []
        elif self.current:
            self.lines.append(rest)
            self._end(word)

    def feed(self, line):
        mark, run, ok = MARK.match(line), RUN.match(line), OK.match(line)
        if mark:
            self._mark(*mark.groups())
        elif run:
            self.current, self.lines = run.group(1), []
        elif ok and self.current:
            self.lines.append(line)
            skipped = ok.group(2).startswith("# SKIP")
            self._end("failed" if ok.group(1) else
                      "skipped" if skipped else "passed")
        else:
            self.lines.append(line)


class Guest:
    def __init__(self, build, steps, tell):
        self.tell = tell
        self.output = Output()
        self.share = build / "selftests" / "guest"
        shutil.rmtree(self.share, ignore_errors=True)
        self.share.mkdir(parents=True)
        (self.share / "steps.json").write_text(json.dumps(steps))
        self.console = self.share / "console"
        self.tail = []
        self.status = None
        self.partial = b""
        self.process = subprocess.Popen(
            self._command(build),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=TOP)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def _command(self, build):
        argv = [TOP / "tools/vm/run", "--check-log", "--timeout", str(LIMIT),
                "--console", self.console, "--share", self.share,
                "--env", f"SDIRECT_BUILD={build}"]
        if KERNEL:
            argv += ["--kernel", KERNEL, "--env",
                     f"SDIRECT_MODULE={build}/{KERNEL}/sdirect.ko"]
        for name in PASSED_ON:
            if name in os.environ:
                argv += ["--env", f"{name}={os.environ[name]}"]
        return argv + [TOP / "selftests/guest/run.py",
                       self.share / "steps.json"]

    def _take(self, line):
        self.tail = (self.tail + [line])[-60:]
        mark = MARK.match(line)
        if mark and mark.group(1) == "section":
            self.tell(f"guest: {mark.group(2)}")
        elif line.startswith("vm: "):
            self.tell(line)
        self.output.feed(line)

    def _more(self):
        """Reads some lines; false at the end."""
        if self.status is not None:
            return False
        if not self.selector.select(SILENCE):
            self.tell(f"guest: nothing heard for {SILENCE} s, ending it")
            self.stop()
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        for line in lines:
            self._take(line.decode(errors="replace").rstrip("\r"))
        if not data:
            self.status = self.process.wait()
        return bool(data)

    def result(self, section, name):
        """The result of one test, or None if the guest ended without."""
        key = (section, name)
        while key not in self.output.results and self._more():
            pass
        return self.output.results.get(key)

    def finish(self):
        """Reads to the end and returns the exit status."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and self._more():
            pass
        if self.status is None:
            self.stop()
        return self.status

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.status = self.process.wait()
