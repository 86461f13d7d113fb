# SPDX-License-Identifier: GPL-2.0-only
"""A mutant: a patch that plants one bug, and what must find it.

The text above the patch is a header:

    What: the bug
    Harm: what it would do to whoever runs it
    Caught-by: CHECK [WORD...]              see checks.py
    Shows: a regular expression
    Why: why that check sees it

Lines that begin with a blank go on; the last three may repeat, and each check
must catch the bug, in a line of its output that the expression finds.
"""
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
FIELD = re.compile(r"^([A-Z][a-z]+(?:-[a-z]+)?): (.*)$")
ONCE = ("What", "Harm")
CHECK = ("Caught-by", "Shows", "Why")


class Wrong(Exception):
    """A mutant cannot be used; the text says which and why."""


class Catch(NamedTuple):
    check: str              # as in the header
    shows: re.Pattern       # None: whatever makes it fail
    why: str


class Mutant(NamedTuple):
    name: str
    patch: str
    what: str
    harm: str
    catches: list


def fields_of(name, head):
    """Pairs of a field and its text, in order."""
    found = []
    for line in head.splitlines():
        match = FIELD.match(line)
        if match:
            found.append(list(match.groups()))
        elif line.startswith(" ") and found:
            found[-1][1] += " " + line.strip()
        elif line.strip():
            raise Wrong(f"{name}: not a field of the header: {line}")
    return found


def parse(name, text):
    head, _, diff = text.partition("\n--- ")
    if not diff:
        raise Wrong(f"{name}: has no patch")
    fields = fields_of(name, head)
    rest = fields[len(ONCE):]
    wanted = [*ONCE, *CHECK * max(1, len(rest) // len(CHECK))]
    if [field for field, _ in fields] != wanted:
        raise Wrong(f"{name}: the header must have {', '.join(ONCE)}, then "
                    f"{', '.join(CHECK)} once or more")
    texts = [text for _, text in rest]
    catches = []
    for check, shows, why in zip(texts[::3], texts[1::3], texts[2::3]):
        try:
            catches.append(Catch(check, re.compile(shows), why))
        except re.error as error:
            raise Wrong(f"{name}: Shows: {error}") from None
    return Mutant(name, text, fields[0][1], fields[1][1], catches)


def load(where=HERE):
    """All mutants, by name."""
    return {path.stem: parse(path.stem, path.read_text(encoding="utf-8"))
            for path in sorted(Path(where).glob("*.patch"))}


def files_of(mutant):
    """The files that it changes."""
    return re.findall(r"^\+\+\+ b/(\S+)", mutant.patch, re.M)


def apply(mutant, root, dry=False):
    """Changes the tree at root; git takes no patch whose lines are not there."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith("GIT_")}
    # The tree may lie in a repository, which is not meant.
    env["GIT_CEILING_DIRECTORIES"] = str(Path(root).resolve().parent)
    argv = ["git", "apply", "-p1", "--whitespace=nowarn", "-"]
    if dry:
        argv[2:2] = ["--check"]
    try:
        done = subprocess.run(argv, cwd=root, input=mutant.patch, text=True,
                              capture_output=True, check=False, env=env)
    except FileNotFoundError:
        raise Wrong("git is missing, which applies the patches") from None
    if done.returncode:
        raise Wrong(f"{mutant.name}.patch does not apply to this tree any "
                    f"more, make it anew:\n{done.stderr.rstrip()}")
