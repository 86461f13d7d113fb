# SPDX-License-Identifier: GPL-2.0-only
"""Where mutants are tried: a copy of the tree, and what is known already.

    base/           the tree as it was when this began
    tree/, out/     the copy that is changed, and what is built of it
    log/            the output of each check
    results.json    by the hash of the tree, the kernels, the patch and the check

There is one copy, so that make builds only what a mutant has changed.
"""
import fcntl
import filecmp
import hashlib
import json
import re
import shutil
import sys
import time
from typing import NamedTuple

import checks
import mutant
from mutant import HERE

TOP = HERE.parent.parent
sys.path[:0] = [str(TOP / "tools" / "lint"), str(TOP / "tools" / "vm")]

from built import kernel_path  # noqa: E402
from image import Kernel, Unusable  # noqa: E402
from tree import Tree  # noqa: E402

CAUGHT, SURVIVED, OTHERWISE = "caught", "SURVIVED", "OTHERWISE"
PASSED, FAILED = "passed", "FAILED"
GOOD = (CAUGHT, PASSED)
# What no check that a mutant can name depends on.
ASIDE = ("Documentation", "README.md", "COPYING", "selftests/mutants",
         "selftests/test_mutants.py")
NOISE = re.compile(r"^(E\s+|\[ *\d+\.\d+\]\s*|@@ )+")


class Verdict(NamedTuple):
    word: str
    line: str               # what shows it
    seconds: float
    kept: bool = False      # from a run before


def mirror(source, target):
    """Makes target's sources those of source; what is built may stay."""
    files = set(source.files)
    target.mkdir(parents=True, exist_ok=True)
    for path in set(Tree(target).files) - files:
        (target / path).unlink()
    for path in files:
        old, new = source.root / path, target / path
        if not new.exists() or not filecmp.cmp(old, new, shallow=False):
            new.parent.mkdir(parents=True, exist_ok=True)
            # The time is now: make must see that it is another one.
            shutil.copyfile(old, new)
        shutil.copymode(old, new)


def digest_of(tree):
    total = hashlib.sha256()
    for path in tree.files:
        if not str(path).startswith(ASIDE):
            total.update(f"{path}\0".encode())
            total.update((tree.root / path).read_bytes() + b"\0")
    return total.hexdigest()


def kernels():
    """Those that checks may boot; what cannot be booted fails by itself."""
    names = []
    for name in (lambda: Kernel().tag, lambda: kernel_path("debug").name):
        try:
            names.append(name())
        except Unusable:
            names.append("none")
    return " ".join(names)


def line_of(text, shows):
    """The first line that shows the bug, without what is in front of it."""
    for line in text.splitlines():
        if shows.search(line):
            return NOISE.sub("", line.strip())
    return None


def only_one(path):
    """Two runs would change the same copy."""
    lock = open(path, "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise mutant.Wrong(f"another run is at work in {path.parent}") from None
    return lock


class Bench:
    def __init__(self, where, say, source=TOP, again=False):
        self.where, self.say, self.again = where, say, again
        self.log = where / "log"
        self.log.mkdir(parents=True, exist_ok=True)
        self.lock = only_one(where / "lock")
        mirror(Tree(source), where / "base")
        self.base = Tree(where / "base")
        self.digest = digest_of(self.base) + kernels()
        self.file = where / "results.json"
        try:
            self.results = json.loads(self.file.read_text())
        except (OSError, ValueError):
            self.results = {}

    def _log(self, name, check):
        return self.log / f"{name}-{re.sub(r'[^a-z0-9_-]+', '-', check)}"

    def _key(self, check, patch):
        text = "\0".join((self.digest, check, patch))
        return hashlib.sha256(text.encode()).hexdigest()

    def _known(self, key):
        kept = self.results.get(key)
        return Verdict(*kept, kept=True) if kept and not self.again else None

    def _keep(self, key, verdict):
        """Only what is good: the rest may be due to something else."""
        if verdict.word in GOOD:
            self.results[key] = verdict[:3]
            part = self.file.with_suffix(".part")
            part.write_text(json.dumps(self.results, indent=1))
            part.replace(self.file)
        return verdict

    def _run(self, name, check, patched):
        """The status, the output and the seconds of a check."""
        tree, log = self.where / "tree", self._log(name, check)
        mirror(self.base, tree)
        if patched:
            mutant.apply(patched, tree)
        begin = time.monotonic()
        status = checks.follow(check, tree, self.where / "out", log, self.say)
        if status is None:
            with open(log, "a", encoding="utf-8") as out:
                print(f"\nended after {checks.LIMIT} s", file=out)
        return (status, log.read_text(errors="replace"),
                time.monotonic() - begin)

    def control(self, check):
        """Does the tree pass as it is?  Else what a mutant does says nothing."""
        key = self._key(check, "")
        known = self._known(key)
        if known:
            return known
        status, text, seconds = self._run("control", check, None)
        word = FAILED if status else PASSED
        lines = text.rstrip().splitlines() or [""]
        return self._keep(key, Verdict(word, lines[-1], seconds))

    def attempt(self, one, catch):
        """Is the mutant caught?"""
        shows = catch.shows.pattern if catch.shows else ""
        key = self._key(catch.check, shows + one.patch)
        known = self._known(key)
        if known:
            return known
        status, text, seconds = self._run(one.name, catch.check, one)
        if status == 0:
            return Verdict(SURVIVED, "the check finds nothing", seconds)
        line = line_of(text, catch.shows or re.compile(
            r"^(FAILED|ERROR) |^ +\S+:\d+: "))
        if line is None:
            return Verdict(OTHERWISE, "it fails, but not with: "
                           f"{shows or 'a failed test'}", seconds)
        return self._keep(key, Verdict(CAUGHT, line, seconds))

    def replay(self, name, check):
        again = "" if name == "control" else f" {name}"
        return (f"again: selftests/mutants/run --again --check '{check}'"
                f"{again}; its output: {self._log(name, check)}")
