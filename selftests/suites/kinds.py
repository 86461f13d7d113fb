# SPDX-License-Identifier: GPL-2.0-only
"""How a suite of each kind is run: all of it, or some of its tests."""
import pathlib
import shutil
import tempfile

import outcomes

HERE = pathlib.Path(__file__).resolve().parent
RESTARTS = 12           # of a module in which tests hang or crash
MARGIN = 60             # seconds more, before we end what ends itself


def last_of(path):
    """How many events there are, and what the last one says."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() \
        if path.exists() else []
    return f"{len(lines) // 2} tests, {lines[-1][:100]}" if lines else ""


class Python:
    """One of CPython's test modules, each test of it with a limit."""

    def __init__(self, suite, launcher, directory):
        self.suite = suite
        self.launcher = launcher
        self.events = directory / "events"
        self.only = directory / "only"
        self.without = directory / "without"

    def argv(self, only):
        options = [f"--resource={name}" for name in self.suite.resources]
        if only:
            self.only.write_text("\n".join(only), encoding="utf-8")
            options += ["--only", self.only]
        return ["/usr/bin/python3", HERE / "pyunit.py", "--events", self.events,
                "--limit", self.suite.limit, "--without", self.without,
                *options, self.suite.module]

    def once(self, only, done):
        """One process; what it found, and did it come to the end?"""
        self.events.unlink(missing_ok=True)
        self.without.write_text("\n".join([*self.suite.deselected, *done]),
                                encoding="utf-8")
        status = self.launcher.run(
            self.argv(only), limit=self.suite.limit + MARGIN,
            progress=lambda: last_of(self.events))
        text = self.events.read_text(encoding="utf-8", errors="replace") \
            if self.events.exists() else ""
        found = outcomes.from_events(text, self.suite.module, status)
        stuck = any(outcome.word in ("hang", "crash")
                    for outcome in found.values())
        return found, stuck

    def run(self, only=()):
        """The rest of it again, as often as a test takes the others along."""
        found = {}
        for _ in range(RESTARTS):
            some, stuck = self.once(only, found)
            for name, outcome in some.items():
                outcomes.add(found, name, outcome)
            if not stuck:
                break
        return found


class Programs:
    """A directory of programs, each run in a copy; a Perl one writes TAP."""

    def __init__(self, suite, launcher, directory):
        self.suite = suite
        self.launcher = launcher
        self.output = directory / "output"
        self.place = None       # of the copy

    def chosen(self, only):
        """The programs that have the tests."""
        names = {test.partition("#")[0] for test in only}
        return [name for name in self.suite.programs
                if (not only or name in names) and
                name not in self.suite.deselected]

    def one(self, name):
        raise NotImplementedError

    def status(self, name, argv, cwd):
        """Runs it, keeps what it says in a file of its own."""
        self.launcher.tell(name)
        log, self.launcher.log = self.launcher.log, self.output
        self.output.unlink(missing_ok=True)
        try:
            status = self.launcher.run(argv, limit=self.suite.limit, cwd=cwd,
                                       progress=lambda: name)
        finally:
            self.launcher.log = log
        text = self.output.read_text(encoding="utf-8", errors="replace")
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"== {name}: {status}\n{text}")
        return text, status

    def run(self, only=()):
        """Programs write where they are, and two transports run at once."""
        found = {}
        with tempfile.TemporaryDirectory() as above:
            self.place = pathlib.Path(above, self.suite.name)
            shutil.copytree(self.suite.directory(), self.place, symlinks=True)
            for name in self.chosen(only):
                for test, outcome in self.one(name).items():
                    outcomes.add(found, test, outcome)
        return found


class Perl(Programs):
    def one(self, name):
        path = self.place / name
        # Beside t/, where its helpers are looked for.
        cwd = self.place / f"/{name}".partition("/t/")[0][1:]
        text, status = self.status(name, ["perl", path], cwd)
        return outcomes.from_tap(name, text, status)


class Binaries(Programs):
    def one(self, name):
        text, status = self.status(name, [self.place / name], self.place)
        return outcomes.from_status(name, text, status)


KINDS = {"python": Python, "perl": Perl, "binaries": Binaries}
