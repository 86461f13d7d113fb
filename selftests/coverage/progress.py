# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command and says how far it is, and what failed."""
import os
import queue
import re
import subprocess
import threading
import time

from measured import TOP

SILENCE = 20            # seconds without a word from us, at most
SHOWN = re.compile(r"^(@@ section|# (?! )|vm: )")
FAILED = re.compile(r"^(@@ failed| *not ok \d|time limit of "
                    r"|unreferenced object)")


def say(text):
    print(f"coverage: {text}", flush=True)


def lines_of(process):
    """Its lines as they come, and None where there was none for a while."""
    lines = queue.SimpleQueue()

    def read():
        for line in process.stdout:
            lines.put(line.rstrip("\r\n"))
        lines.put(EOFError)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=SILENCE)
        except queue.Empty:
            line = None
        if line is EOFError:
            return
        yield line


class Teller:
    """Shows what matters at once, and at times what does not."""

    def __init__(self, what):
        self.what = what
        self.begin = self.said = time.monotonic()
        self.last = ""
        self.failures = []

    def take(self, line):
        now = time.monotonic()
        self.last = line or self.last
        failed = line and FAILED.match(line)
        if failed:
            self.failures.append(line)
        if failed or line and SHOWN.match(line):
            say(f"{self.what}: {line}")
        elif now - self.said >= SILENCE:
            say(f"{self.what}: {now - self.begin:.0f} s: {self.last}")
        else:
            return
        self.said = now


def follow(what, argv, log, env=None):
    """Runs a command, shows how far it is; status and lines that failed."""
    teller = Teller(what)
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
            [str(arg) for arg in argv], text=True, errors="replace",
            cwd=TOP, env=dict(os.environ, **(env or {})),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as process:
        try:
            for line in lines_of(process):
                teller.take(line)
                if line is not None:
                    print(line, file=file, flush=True)
        except BaseException:
            process.terminate()
            raise
    return process.returncode, teller.failures
