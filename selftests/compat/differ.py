#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares random sequences of calls on TCP with the same on AF_SDIRECT.

A sequence that differs is tried again, since a busy machine may deliver late;
if it still does, calls are left out of it as long as it differs, and the
smallest one is printed with the line that repeats it.
"""
import argparse
import concurrent.futures
import os
import queue
import sys
import time

sys.dont_write_bytecode = True

from compare import BUILD, RUN, judge, record  # noqa: E402

PROGRAM = str(BUILD / "selftests" / "compat" / "random")
# What each is made of: words before the program, its options.
ORACLE = ((), ())
TRANSPORTS = {
    "direct": ((), ("--direct",)),
    "shim": (RUN, ()),
}
CHUNK = 100             # sequences per run of the program
TRIES = 3               # a difference must show each time
TELL_SECONDS = 20
FAILURES = 5            # enough to think about


def run(how, seed, count, skip=()):
    """What these sequences do: {seed: [line]}."""
    before, options = how
    words = ["--seed", str(seed), "--count", str(count)]
    if skip:
        words += ["--skip", ",".join(map(str, sorted(skip)))]
    return record(before, PROGRAM, (*options, *words), ())


class Pair:
    """TCP and one transport, on which the same is done."""

    def __init__(self, transport):
        self.transport = transport
        self.how = TRANSPORTS[transport]
        self.failures = []

    def differs(self, seed, skip=()):
        """The lines of TCP and the other, or None if they are once equal."""
        name = str(seed)
        for _ in range(TRIES):
            tcp = run(ORACLE, seed, 1, skip)
            other = run(self.how, seed, 1, skip)
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


    def check(self, tcp, other, seeds):
        """Explains what differs among these."""
        for seed in seeds:
            name = str(seed)
            if name not in tcp or tcp[name] != other.get(name):
                lines = self.explain(seed)
                if lines:
                    print("\n".join(lines), flush=True)
                    self.failures.append(lines)

    def verdict(self, text):
        print(f"@@ case random.{self.transport}")
        print("\n".join(line for lines in self.failures for line in lines))
        print("@@ failed" if self.failures else "@@ passed", text, flush=True)


class Told:
    """Says now and then how far it is."""

    def __init__(self, total):
        self.total = total
        self.start = self.last = time.monotonic()

    def tell(self, done):
        now = time.monotonic()
        if now - self.last > TELL_SECONDS:
            self.last = now
            print(f"# random: {done} of {self.total} sequences, "
                  f"{now - self.start:.0f} s", flush=True)


def pin(free):
    """The two ends of a sequence take turns: one CPU is enough for both."""
    os.sched_setaffinity(0, {free.get()})


def compare(pairs, first, count):
    """As many sequences at once as there are CPUs."""
    hows = [ORACLE] + [pair.how for pair in pairs]
    chunks = [range(at, min(at + CHUNK, first + count))
              for at in range(first, first + count, CHUNK)]
    told, cpus = Told(count), os.sched_getaffinity(0)
    free = queue.SimpleQueue()
    for cpu in cpus:
        free.put(cpu)
    with concurrent.futures.ThreadPoolExecutor(
            len(cpus), initializer=pin, initargs=(free,)) as pool:
        done = pool.map(lambda seeds: [run(how, seeds[0], len(seeds))
                                       for how in hows], chunks)
        for seeds, (tcp, *others) in zip(chunks, done):
            for pair, other in zip(pairs, others):
                pair.check(tcp, other, seeds)
            if any(len(pair.failures) >= FAILURES for pair in pairs):
                pool.shutdown(wait=False, cancel_futures=True)
                break
            told.tell(seeds[-1] + 1 - first)


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
    pairs = [Pair(transport)
             for transport in options.transport or TRANSPORTS]
    compare(pairs, options.seed, options.count)
    for pair in pairs:
        pair.verdict(f"{options.count} sequences from {options.seed} on")
    return 1 if any(pair.failures for pair in pairs) else 0


if __name__ == "__main__":
    sys.exit(main())
