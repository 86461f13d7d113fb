# SPDX-License-Identifier: GPL-2.0-only
"""The suites, and what may differ, as the data files have them."""
import dataclasses
import functools
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
SUITES = HERE / "suites.toml"
ARGUED = HERE / "argued.toml"
LIMIT = 300             # seconds for one test, emulated


class Broken(Exception):
    """A data file that says what it must not."""


@dataclasses.dataclass
class Suite:
    name: str
    kind: str                   # a key of kinds.KINDS
    least: int                  # fewer tests that pass on TCP: not a proof
    rings: int                  # the least number of bytes through rings
    module: str = ""            # python
    resources: list = dataclasses.field(default_factory=list)
    programs: list = dataclasses.field(default_factory=list)
    deselect: list = dataclasses.field(default_factory=list)
    limit: int = LIMIT
    minutes: int = 60           # for all of it, on both transports
    sources: pathlib.Path = None

    def directory(self):
        return self.sources / self.name

    @property
    def deselected(self):
        return {row["test"]: row["why"] for row in self.deselect}


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def suites(path=SUITES):
    """{name: Suite}"""
    found = {}
    for row in read(path)["suite"]:
        suite = Suite(**row)
        if suite.name in found:
            raise Broken(f"{path.name}: {suite.name} is there twice")
        if not all(suite.deselected.values()):
            raise Broken(f"{path.name}: {suite.name}: a reason is missing")
        found[suite.name] = suite
    return found


@functools.cache
def differs(path=ARGUED):
    rows = read(path).get("differs", [])
    for row in rows:
        if not row.get("why"):
            raise Broken(f"{path.name}: a reason is missing")
    return rows


def argued(suite, test, path=ARGUED):
    """Why this test may differ, or None."""
    for row in differs(path):
        if row["suite"] == suite and any(re.fullmatch(pattern, test)
                                         for pattern in row["tests"]):
            return row["why"]
    return None
