# SPDX-License-Identifier: GPL-2.0-only
"""What was measured, as rows; build/bench/results.json has them."""
import json
import os
import statistics
from typing import NamedTuple


class Key(NamedTuple):
    """What was measured; size in bytes and clients are 0 where neither means
    anything."""
    group: str
    transport: str
    size: int
    clients: int
    metric: str
    unit: str


class Results:
    """One value of each round for each key."""

    def __init__(self):
        self.values = {}

    def add(self, key, value):
        """Notes what a round has measured."""
        self.values.setdefault(key, []).append(value)

    def load(self, path):
        """Adds the rows of a file that write() has made."""
        with open(path, encoding="ascii") as file:
            for row in json.load(file)["rows"]:
                key = Key(*(row[name] for name in Key._fields))
                self.values[key] = row["rounds"]

    def rows(self):
        """As they are in the file."""
        return [{**key._asdict(), "median": statistics.median(values),
                 "min": min(values), "max": max(values), "rounds": values}
                for key, values in self.values.items()]

    def rounds(self, group, transport, metric, size=0, clients=0):
        """The values of one row; empty if it was not measured."""
        for key, values in self.values.items():
            if key[:5] == (group, transport, size, clients, metric):
                return values
        return []

    def median(self, *which, **more):
        """The median of one row; None if it was not measured."""
        values = self.rounds(*which, **more)
        return statistics.median(values) if values else None

    def ratio(self, one, other):
        """Of two rows, the median over the rounds: in each round both were
        measured soon after each other, so that a machine that changes its pace
        changes both."""
        pairs = [a / b for a, b in zip(self.rounds(*one), self.rounds(*other))
                 if b]
        return statistics.median(pairs) if pairs else None


def write(path, rows, targets):
    """The whole document, in one piece or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with open(part, "w", encoding="ascii") as file:
        json.dump({"rows": rows, "targets": targets}, file, indent=1)
        file.write("\n")
    os.replace(part, path)
