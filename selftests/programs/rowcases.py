# SPDX-License-Identifier: GPL-2.0-only
"""What a runner of rows is asked, and says; guestrun.py reads it."""
import argparse
import time


def mark(*words):
    print("@@", *words, flush=True)


def say(text):
    print("#", text, flush=True)


def chosen(rows, names, what):
    """Those of the rows that have these names, all if there are none."""
    known = {row.name: row for row in rows}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LookupError(f"no {what} {unknown[0]}: there are "
                          f"{', '.join(known)}")
    return [known[name] for name in names] if names else list(rows)


class Report:
    """A runner's command line and its cases."""

    def __init__(self, command, one, many):
        self.command = command
        self.one, self.many = one, many     # "program", "programs"

    def parse(self, text, find, arguments):
        """find(names) gives the rows."""
        parser = argparse.ArgumentParser(
            prog=self.command, description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=f"Exit status: 0 all is well, 1 a {self.one} failed, 2 it "
            "could not be run, or the module does not go any more.")
        parser.add_argument("--list", action="store_true",
                            help=f"say which {self.many} there are, and end")
        parser.add_argument("--faults", action="store_true",
                            help="then plant faults: each must be noticed")
        parser.add_argument("name", nargs="*",
                            help=f"{self.many} (default: all)")
        options = parser.parse_args(arguments)
        try:
            options.rows = find(options.name)
        except LookupError as error:
            parser.error(str(error))
        return options

    def case(self, name, find, replay):
        """True if find() has no reason why it failed."""
        begin = time.monotonic()
        mark("case", name)
        reason = find()
        if not reason:
            mark("passed", f"{name}, {time.monotonic() - begin:.0f} s")
            return True
        for line in reason.splitlines():
            say(line)
        say(f"replay: tools/vm/run {self.command} {replay}")
        mark("failed", reason.splitlines()[0])
        return False

    def rows(self, options, find):
        """Each row a case; find(row) is why it has failed."""
        mark("section", self.many)
        good = [self.case(row.name, lambda row=row: find(row), row.name)
                for row in options.rows]
        say(f"{sum(good)} of {len(good)} {self.many} passed")
        return good

    def faults(self, options, faults, find):
        """The same for faults, by name; find(name) is why one is overlooked."""
        if not options.faults:
            return []
        mark("section", "faults")
        return [self.case(name, lambda name=name: find(name),
                          f"--faults {options.rows[0].name}")
                for name in faults]
