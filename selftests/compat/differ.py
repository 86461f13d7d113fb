#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares random sequences of calls on TCP with the same on AF_SDIRECT.

A sequence that differs is tried again, since a busy machine may deliver late;
if it still does, calls are left out of it as long as it differs, and the
smallest one is printed with the line that repeats it.
"""
import argparse
import os
import sys
import time

sys.dont_write_bytecode = True

from compare import BUILD, RUN, judge, record  # noqa: E402

PROGRAM = str(BUILD / "selftests" / "compat" / "random")
TRANSPORTS = {
    "direct": ([], ["--direct"]),
    "shim": (RUN, []),
}
CHUNK = 100             # sequences per run of the program
TRIES = 3               # a difference must show each time
TELL_SECONDS = 20
FAILURES = 5            # enough to think about


class Pair:
    """TCP and one transport, on which the same is done."""

    def __init__(self, transport):
        self.transport = transport
        self.before, self.options = TRANSPORTS[transport]

    def run(self, seed, count, skip=()):
        words = ["--seed", str(seed), "--count", str(count)]
        if skip:
            words += ["--skip", ",".join(map(str, sorted(skip)))]
        return (record([], PROGRAM, words, []),
                record(self.before, PROGRAM, self.options + words, []))

    def differs(self, seed, skip=()):
        """The lines of TCP and the other, or None if they are once equal."""
        name = str(seed)
        for _ in range(TRIES):
            tcp, other = self.run(seed, 1, skip)
            if tcp.get(name) == other.get(name):
                return None
        return tcp.get(name, []), other.get(name, [])

    def shrink(self, seed, number):
        """Leaves out what is not needed for a difference."""
        skip, size = set(), number
        while size:
            for begin in range(0, number, size):
                more = skip | set(range(begin, min(begin + size, number)))
                if more != skip and self.differs(seed, more):
                    skip = more
            size //= 2
        return skip

    def explain(self, seed):
        """What differs in the smallest sequence; None if nothing does."""
        lines = self.differs(seed)
        if not lines:
            return None
        skip = self.shrink(seed, 40)
        lines = self.differs(seed, skip) or lines
        words = f"random --seed {seed}"
        if skip:
            words += " --skip " + ",".join(map(str, sorted(skip)))
        return judge(lines[0], lines[1], f"{words}, on {self.transport}")


def check(pair, seed, count):
    """The failures among these sequences, each as lines of text."""
    tcp, other = pair.run(seed, count)
    for name in map(str, range(seed, seed + count)):
        if name not in tcp or tcp[name] != other.get(name):
            lines = pair.explain(int(name))
            if lines:
                yield lines


def compare(transport, seed, count):
    pair = Pair(transport)
    start = told = time.monotonic()
    failures = []
    for at in range(0, count, CHUNK):
        for lines in check(pair, seed + at, min(CHUNK, count - at)):
            print("\n".join(lines), flush=True)
            failures.append(lines)
        if len(failures) >= FAILURES:
            break
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            print(f"# {transport}: {at + CHUNK} of {count} sequences, "
                  f"{told - start:.0f} s", flush=True)
    return failures


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, metavar="N",
                        default=int(os.environ.get("SDIRECT_SEED", "1")))
    parser.add_argument("--count", type=int, metavar="N", default=500,
                        help="sequences on each transport (default: 500)")
    parser.add_argument("--transport", action="append", choices=TRANSPORTS,
                        help="only this one (default: all)")
    return parser.parse_args()


def main():
    options = parse()
    bad = False
    for transport in options.transport or TRANSPORTS:
        print(f"@@ case random.{transport}", flush=True)
        failures = compare(transport, options.seed, options.count)
        print("@@ failed" if failures else "@@ passed",
              f"{options.count} sequences from {options.seed} on",
              flush=True)
        bad = bad or failures
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
