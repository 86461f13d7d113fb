# SPDX-License-Identifier: GPL-2.0-only
"""Which test with which of its allocations failing, and in which order.

All of them are thousands.  Those come first that differ most from what has been
done: each test once before any test in another family, and in it the first
allocation of each kind, a kind being the system call, how many it makes there,
and which of them it is.
"""
import collections
import hashlib
from typing import NamedTuple

import plan

PICKS = 5               # of one test in the first pass
LEAST = 2               # even if there is nothing new in it
ORACLE = 8              # one test of so many begins with plain TCP


class Case(NamedTuple):
    """A test in one family; mode as in plan.GUEST_MODES."""
    mode: str
    program: str
    variant: str
    name: str

    @property
    def full(self):
        return ".".join(self)

    @property
    def group(self):
        return f"{self.mode}.{self.variant}.{self.program}"

    @property
    def family(self):
        """What its allocations are compared with."""
        direct = self.mode == "shim" or self.variant.startswith("sdirect")
        return self.mode if direct else "tcp"

    def argv(self, build):
        shim = [f"{build}/sdirect-run", "--require"]
        return [*(shim if self.mode == "shim" else []),
                f"{build}/selftests/net/{self.program}",
                "-t", self.name, "-v", self.variant]

    def env(self):
        if self.mode != "shim":
            return {}
        return {"SDIRECT_SHIM": "1", "SDIRECT_STORM": "0"}


def all_cases():
    return [Case(mode, test.program, test.variant, test.name)
            for mode, variants in plan.GUEST_MODES
            for program in plan.programs()
            for test in plan.tests(plan.NET / f"{program}.c")
            if test.variant in variants]


def groups():
    return list(dict.fromkeys(case.group for case in all_cases()))


def draw(*words):
    """A number that depends on the words alone."""
    text = "\0".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def ordered(cases, seed):
    """Each test once, then each once more in another family, and so on."""
    tests = collections.defaultdict(list)
    for case in cases:
        tests[case.program, case.name].append(case)
    levels = collections.defaultdict(list)
    for test, family in tests.items():
        tcp_first = draw(seed, test) % ORACLE == 0
        family.sort(key=lambda case: (
            (case.family == "tcp") != tcp_first, draw(seed, case.full)))
        for level, case in enumerate(family):
            levels[level].append(case)
    return [case for level in sorted(levels)
            for case in sorted(levels[level],
                               key=lambda case: draw(seed, case.full))]


def kinds(case, profile):
    """The kind of each allocation, of a list of (call, how many)."""
    return [(case.family, call, used, index + 1)
            for call, used in profile for index in range(used)]


class Chooser:
    """Remembers which kinds there have been."""

    def __init__(self, seed):
        self.seed = seed
        self.seen = collections.Counter()
        self.later = []

    def first(self, case, profile):
        """The first choice of a test; the rest is remembered."""
        def order(nth):
            return draw(self.seed, case.full, nth)

        found = dict(enumerate(kinds(case, profile), 1))
        new = {}
        for nth in sorted(found, key=order):
            if not self.seen[found[nth]]:
                new.setdefault(found[nth], nth)
        picks = list(new.values())[:PICKS]
        for nth in sorted(found, key=order):
            if len(picks) < LEAST and nth not in picks:
                picks.append(nth)
        for nth in picks:
            self.seen[found[nth]] += 1
        self.later += [(case, nth, found[nth]) for nth in sorted(found)
                       if nth not in picks]
        return sorted(picks)

    def rest(self):
        """All others, what has been seen least often first."""
        ranked = []
        for case, nth, kind in sorted(
                self.later, key=lambda row: draw(self.seed, row[0].full,
                                                 row[1])):
            ranked.append((self.seen[kind], case, nth))
            self.seen[kind] += 1
        ranked.sort(key=lambda row: row[0])
        return [(case, nth) for _, case, nth in ranked]
