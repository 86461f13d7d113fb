# SPDX-License-Identifier: GPL-2.0-only
"""What has been done, in a file, so that what was interrupted goes on.

Each line is a JSON array: ["key", TEXT] first, then ["profile", CASE, LIST],
["begin", CASE, N], ["done", CASE, N, KIND, WHY, SECONDS], ["ended"].
"""
import contextlib
import json


class State:
    def __init__(self, path, key):
        self.profiles = {}
        self.done = {}          # (case, nth): (kind, why)
        self.begun = []         # since something was last done
        self.seconds = 0.0
        self.ended = False
        lines = self._lines(path)
        if not lines or lines[0] != ["key", key]:
            lines = []
        for line in lines[1:]:
            self._take(*line)
        self.old = len(self.done)
        self.file = open(path, "a" if lines else "w", encoding="utf-8")
        if lines:
            self.file.write("\n")       # the last may have been cut off
        else:
            self._write("key", key)

    @staticmethod
    def _lines(path):
        lines = []
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    lines.append(json.loads(line))
        return lines

    def _take(self, what, *rest):
        if what == "profile":
            self.profiles[rest[0]] = [tuple(row) for row in rest[1]]
        elif what == "begin":
            self.begun.append(tuple(rest))
        elif what == "done":
            case, nth, kind, why, seconds = rest
            self.done[case, nth] = (kind, why)
            self.seconds += seconds
            self.begun = []
        elif what == "ended":
            self.ended = True

    def fatal(self):
        """What was begun twice and never done: no guest survives it."""
        if len(self.begun) >= 2 and self.begun[-1] == self.begun[-2]:
            return self.begun[-1]
        return None

    def _write(self, *words):
        self.file.write(json.dumps(words) + "\n")
        self.file.flush()

    def profile(self, case, profile, seconds):
        self.profiles[case] = profile
        self.seconds += seconds
        self._write("profile", case, profile)

    def begin(self, case, nth):
        self._write("begin", case, nth)

    def add(self, case, nth, kind, why, seconds):
        self.done[case, nth] = (kind, why)
        self.seconds += seconds
        self._write("done", case, nth, kind, why, round(seconds, 1))

    def end(self):
        self.ended = True
        self._write("ended")
