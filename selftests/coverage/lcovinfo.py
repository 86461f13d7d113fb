# SPDX-License-Identifier: GPL-2.0-only
"""How often each line was executed, as lcov writes it down, and what it says.

Of its format (geninfo(1)) only the records that are needed are read.
"""
import bisect
import collections
import os
from pathlib import Path

# What is measured: how it is called, and which files it has.
PARTS = (
    ("module", ("kmod/",)),
    ("ring", ("uapi/linux/sdirect_ring.h",)),
    ("user space", ("tools/lib/", "tools/preload/", "tools/run/",
                    "tools/sdirect/")),
)
# What is in these places and is no part of it.
LEFT_OUT = ("/test/", "_test.")


class File:
    """Lines and functions of one file, with how often each was executed."""

    def __init__(self):
        self.lines = collections.Counter()
        self.functions = collections.Counter()
        self.starts = {}

    def reached(self):
        return sum(count > 0 for count in self.lines.values())

    def never_entered(self):
        return sorted((name for name, count in self.functions.items()
                       if not count), key=self.starts.get)

    def gaps(self):
        """[first, last] of unreached lines with no reached one, and no
        begin of a function, between."""
        found, begins, going_on = [], set(self.starts.values()), False
        for line, count in sorted(self.lines.items()):
            if not count and going_on and line not in begins:
                found[-1][1] = line
            elif not count:
                found.append([line, line])
            going_on = not count
        return found

    def function_of(self, line):
        starts = sorted((start, name) for name, start in self.starts.items())
        at = bisect.bisect(starts, (line, "\x7f")) - 1
        return starts[at][1] if at >= 0 else "-"


def plain(name):
    """The compiler names the parts of a function that it has divided."""
    return name.partition(".")[0]


class Trace:
    """All that was measured, by the name of the file within the tree."""

    def __init__(self, top):
        self.top = Path(top).resolve()
        self.files = collections.defaultdict(File)

    def name_of(self, path):
        """Sources may be links; None for what is not measured."""
        path = os.path.realpath(path)
        if not path.startswith(f"{self.top}/"):
            return None
        name = path[len(str(self.top)) + 1:]
        if part_of(name) is None or any(word in name for word in LEFT_OUT):
            return None
        return name

    def add(self, text):
        """Adds what an .info file of lcov says."""
        file = None
        for row in text.splitlines():
            key, _, rest = row.partition(":")
            if key == "SF":
                name = self.name_of(rest)
                file = self.files[name] if name else None
            elif file and key in RECORDS:
                RECORDS[key](file, *rest.split(","))

    def part(self, part):
        return {name: file for name, file in sorted(self.files.items())
                if part_of(name) == part and file.lines}

    def share(self, part):
        files = self.part(part).values()
        total = sum(len(file.lines) for file in files)
        return 100 * sum(map(File.reached, files)) / total if total else 0.0


def part_of(name):
    return next((part for part, places in PARTS if name.startswith(places)),
                None)


def add_line(file, line, count, *_):
    file.lines[int(line)] += int(count)


def add_start(file, line, name):
    name, line = plain(name), int(line)
    file.starts[name] = min(line, file.starts.get(name, line))


def add_function(file, count, name):
    file.functions[plain(name)] += int(count)


RECORDS = {"DA": add_line, "FN": add_start, "FNDA": add_function}


def row(name, files, after=""):
    total = sum(len(file.lines) for file in files)
    reached = sum(map(File.reached, files))
    share = 100 * reached / total if total else 0
    return f"{name:<32} {total:6} {reached:7} {share:6.1f}%  {after}".rstrip()


def table(trace):
    yield f"{'file':<32} {'lines':>6} {'reached':>7} {'share':>7}  " \
        "functions never entered"
    for part, _ in PARTS:
        files = trace.part(part)
        for name, file in files.items():
            yield row(name, [file], " ".join(file.never_entered()))
        yield row(f"= {part}", files.values())
        yield ""


def unreached(trace):
    """Each gap with its function and its first line."""
    for part, _ in PARTS:
        for name, file in trace.part(part).items():
            gaps = file.gaps()
            if not gaps:
                continue
            source = (trace.top / name).read_text().splitlines()
            yield name
            for first, last in gaps:
                where = f"{first}-{last}" if last > first else f"{first}"
                text = source[first - 1].strip() if first <= len(source) else ""
                yield f"  {where:<10} {file.function_of(first):<28} {text}"
