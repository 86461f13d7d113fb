# SPDX-License-Identifier: GPL-2.0-only
"""Runs one program of a suite, with an end to it."""
import contextlib
import os
import signal
import subprocess
import time

TELL = 15               # seconds without a word from us


class Launcher:
    """Starts programs on one transport; tells how far they are."""

    def __init__(self, before, log, tell):
        self.before = before    # words before each command
        self.log = log          # takes what they say
        self.tell = tell

    def run(self, argv, *, limit, cwd=None, env=None, progress=None):
        """The exit status, or "hang"; progress() is (text, alive until)."""
        env = {**os.environ, **(env or {})}
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [*map(str, self.before), *map(str, argv)], cwd=cwd, env=env,
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
            try:
                return self.wait(process, limit, progress)
            finally:
                # What it has left behind, too: all of it is in its session.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def wait(self, process, limit, progress):
        """limit is how long progress may say the same."""
        begin = changed = time.monotonic()
        last = None
        while True:
            try:
                return process.wait(TELL)
            except subprocess.TimeoutExpired:
                now, text = time.monotonic(), progress() if progress else ""
            if text != last:
                last, changed = text, now
            self.tell(f"{now - begin:.0f} s {text}")
            if now - changed > limit:
                return "hang"
