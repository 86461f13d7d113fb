# SPDX-License-Identifier: GPL-2.0-only
"""A guest that runs tests, and what it says of them.

It is started when the first of them is asked for and is read as far as each of
them needs, so results show as they come.
"""
import ctypes
import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

from plan import TOP

# Which kernel, as for tools/vm/run; one with checks is several times slower.
KERNEL = os.environ.get("SDIRECT_KERNEL")
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
LIMIT = 900 * SLOWER    # seconds for the whole guest
SILENCE = 200 * SLOWER  # seconds without a word from it
TELL = 20               # seconds without a word from us
PASSED_ON = ("SDIRECT_TIME", "SDIRECT_SECONDS", "SDIRECT_SEED",
             "SDIRECT_FLOOD", "SDIRECT_MESSAGES", "SDIRECT_POLICY_KILLS",
             "SDIRECT_POLICY_RELOADS", "SDIRECT_ROUNDS", "SDIRECT_CONNS")
MARK = re.compile(r"^@@ (\w+) (.*)$")
OK = re.compile(r"^(not )?ok \d+ (.*)$")
RUN = re.compile(r"^#  RUN +(\S+) \.\.\.$")
# What is passed on at once: the runner's words, and those of the torture.
TOLD = re.compile(r"^(vm: |# (FAILED|replay|[a-z]+( --seed|: )))")
CONSOLE_LINES = 30
BAD_LOG = 126


def end_with_parent():
    """In the child: the runner ends its guest when it is told to end."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


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


def module(build):
    """The one that is built for this kernel."""
    return build / KERNEL / "sdirect.ko" if KERNEL else TOP / "sdirect.ko"


def vm_run(build):
    """The runner with the options that all guests of tests have."""
    argv = [TOP / "tools/vm/run", "--check-log", "--env",
            f"SDIRECT_BUILD={build}", "--env",
            f"SDIRECT_MODULE={module(build)}"]
    if KERNEL:
        argv += ["--kernel", KERNEL]
    for name in PASSED_ON:
        if name in os.environ:
            argv += ["--env", f"{name}={os.environ[name]}"]
    return argv


class Teller:
    """Says things as they come, and how far it is when nothing has come."""

    def __init__(self, tell, progress):
        self.say = tell
        self.progress = progress
        self.begin = self.last = time.monotonic()

    def tell(self, text):
        self.last = time.monotonic()
        self.say(text)

    def left(self):
        """Seconds until something must be said; says it when that is now."""
        now = time.monotonic()
        if now - self.last >= TELL:
            self.tell(f"guest: {now - self.begin:.0f} s, {self.progress()}")
        return max(0, self.last + TELL - now)


class Guest:
    """COMMAND in a guest of its own; name says where its console is kept.

    SDIRECT_CONSOLE says where else.
    """

    def __init__(self, build, name, command, tell, limit=LIMIT):
        self.limit = limit
        self.output = Output()
        share = build / "selftests" / name
        share.mkdir(parents=True, exist_ok=True)
        self.console = pathlib.Path(os.environ.get("SDIRECT_CONSOLE") or
                                    share / "console")
        self.console.unlink(missing_ok=True)
        self.tail = []
        self.status = None
        self.partial = b""
        self.process = subprocess.Popen(
            self._argv(build, command), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=TOP,
            preexec_fn=end_with_parent)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.teller = Teller(tell, self._progress)
        self.tell = self.teller.tell
        self.heard = time.monotonic()

    def _argv(self, build, command):
        return [*vm_run(build), "--timeout", str(self.limit), "--console",
                self.console, *command]

    def _take(self, line):
        self.tail = (self.tail + [line])[-60:]
        mark = MARK.match(line)
        if mark and mark.group(1) == "section":
            self.tell(f"guest: {mark.group(2)}")
        elif TOLD.match(line):
            self.tell(line)
        self.output.feed(line)

    def _progress(self):
        return (f"{len(self.output.results)} results, now: "
                f"{self.output.section or 'booting'}")

    def _wait(self):
        """Until there is something to read; false if that takes too long."""
        left = 1
        while left > 0:
            left = self.heard + SILENCE - time.monotonic()
            if self.selector.select(max(0, min(self.teller.left(), left))):
                self.heard = time.monotonic()
                return True
        return False

    def _more(self):
        """Reads some lines; false at the end."""
        if self.status is not None:
            return False
        if not self._wait():
            self.tell(f"guest: nothing heard for {SILENCE} s, ending it")
            self._show_console()
            self.stop()
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        for line in lines:
            self._take(line.decode(errors="replace").rstrip("\r"))
        if not data:
            self._ended()
        return bool(data)

    def _show_console(self):
        if self.console.exists():
            text = self.console.read_text(errors="replace")
            for line in text.splitlines()[-CONSOLE_LINES:]:
                self.tell(f"    {line}")

    def _ended(self):
        self.status = self.process.wait()
        self.selector.close()
        self.process.stdout.close()

    def result(self, section, name):
        """The result of one test, or None if the guest ended without."""
        key = (section, name)
        while key not in self.output.results and self._more():
            pass
        return self.output.results.get(key)

    def must_pass(self, section, name):
        """Fails unless that test has passed."""
        result = self.result(section, name)
        assert result, "\n".join(self.tail)
        assert result.outcome == "passed", "\n".join(result.lines)

    def must_end(self, cases):
        """Fails at a bad log, or if there were other tests than these."""
        assert self.finish() in (0, 1), "\n".join(self.tail)
        assert set(self.output.results) == set(cases), self.tail

    def finish(self):
        """Reads to the end and returns the exit status."""
        end = time.monotonic() + self.limit
        while time.monotonic() < end and self._more():
            pass
        if self.status is None:
            self.stop()
        return self.status

    def stop(self):
        """May be called twice, or at the end."""
        if self.status is not None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._ended()


def running(*args):
    """A fixture's guest, which ends with what it is for."""
    guest = Guest(*args)
    yield guest
    guest.stop()
