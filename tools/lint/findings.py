# SPDX-License-Identifier: GPL-2.0-only
"""What checks find, and what of it is suppressed, for a reason."""
import fnmatch
import re
import tomllib
from typing import NamedTuple

KEYS = {"check", "where", "what", "why"}
OPTIONAL = {"sometimes"}
# FILE:LINE, perhaps a column or a range of them, then what is wrong.
LINE = re.compile(r"(?:mandoc: )?(?P<path>[^\s:][^:]*):(?P<line>\d+)"
                  r"(?::\d+(?:-\d+)?)?:\s*(?P<what>.*\S)")


class Finding(NamedTuple):
    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


def parse(output, tree, drop=None):
    """The findings in the output of a tool, in the usual form, each once."""
    found = {}
    for line in output.splitlines():
        match = LINE.match(line)
        if match and not (drop and match["what"].startswith(drop)):
            path = match["path"].removeprefix(f"{tree.root}/")
            found.setdefault(Finding(path, int(match["line"]), match["what"]))
    return list(found)


class Rule:
    """One suppression; used says whether it has hit anything."""

    def __init__(self, entry):
        if KEYS - set(entry) or set(entry) - KEYS - OPTIONAL:
            raise ValueError(f"a suppression has {', '.join(sorted(KEYS))}: "
                             f"{entry}")
        if len(entry["why"].split()) < 3:
            raise ValueError(f"a suppression needs a reason: {entry}")
        self.entry = entry
        self.what = re.compile(entry["what"])
        self.used = False

    def hits(self, check, finding):
        return fnmatch.fnmatchcase(check, self.entry["check"]) and \
            any(fnmatch.fnmatchcase(finding.path, pattern)
                for pattern in self.entry["where"].split()) and \
            bool(self.what.search(finding.what))


class Suppressions:
    def __init__(self, text=""):
        self.rules = [Rule(entry)
                      for entry in tomllib.loads(text).get("suppress", [])]

    def filter(self, check, findings):
        """Those that no rule hits."""
        kept = []
        for finding in findings:
            hits = [rule for rule in self.rules if rule.hits(check, finding)]
            for rule in hits:
                rule.used = True
            if not hits:
                kept.append(finding)
        return kept

    def unused(self, check):
        """Rules for this check that hit nothing are not needed any more."""
        return [f"this suppression hits nothing: {rule.entry['what']} "
                f"({rule.entry['where']})" for rule in self.rules
                if not rule.used and rule.entry["check"] == check and
                not rule.entry.get("sometimes")]
