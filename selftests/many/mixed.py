#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where sdirect cannot help: only some of the programs are under the shim.

Needs root and loads the module: tools/vm/run selftests/many/mixed.py
Each kind of pair is measured beside plain TCP, by turns, of which each begins
with the other; what is printed is how many there were in a second, and the
ratio, between what it is at least and at most in 19 of 20 such runs.  The first
kind is plain TCP too: what it has shows what a ratio is worth.
With `tools/vm/run --accel count --cpus 1` a second is 10^9 instructions.
"""
import argparse
import contextlib
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys
from typing import NamedTuple

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
sys.path[1:1] = [str(TOP / "tools/demo")]

import kernel           # noqa: E402

MIXED = BUILD / "selftests/many/mixed"
SHIM = BUILD / "libsdirect-preload.so"
LIMIT = 120             # seconds for one measurement
TASKS = {"latency": 2000, "stream": 2000, "connections": 400}
FORM = "{:22}{:13}{:>12}{:>12}{:>8}{:>8}{:>8}"


class Kind(NamedTuple):
    """Who is under the shim: client, forwarder (None: there is none), server."""
    name: str
    client: bool
    server: bool
    forwarder: bool = None


CONTROL = Kind("nobody", False, False)
WITHOUT_MODULE = (Kind("no module", True, True),)
KINDS = (Kind("shim at the client", True, False),
         Kind("shim at the server", False, True),
         Kind("plain forwarder", True, True, False),
         Kind("forwarder, no client", False, True, True))


def say(*words):
    print(*words, flush=True)


def environment(shim):
    return {**os.environ, **({"LD_PRELOAD": str(SHIM)} if shim else {})}


@contextlib.contextmanager
def daemon(shim, *words):
    """A server or forwarder; its port."""
    with subprocess.Popen([MIXED, *words], env=environment(shim), text=True,
                          stdout=subprocess.PIPE) as process:
        try:
            yield process.stdout.readline().strip()
            if process.poll() is not None:
                raise SystemExit(f"{words} has ended: {process.returncode}")
        finally:
            process.send_signal(signal.SIGTERM)


def measure(kind, task, count):
    """So many in a second."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(daemon(kind.server, "serve"))
        if kind.forwarder is not None:
            port = stack.enter_context(daemon(kind.forwarder, "forward", port))
        done = subprocess.run([MIXED, task, port, str(count)], check=True,
                              env=environment(kind.client), timeout=LIMIT,
                              stdout=subprocess.PIPE)
    return float(done.stdout)


def plain(kind):
    """The same without the shim anywhere."""
    return Kind("tcp", False, False,
                None if kind.forwarder is None else False)


def turn(kind, task, count, backwards):
    """Plain TCP's and the kind's."""
    got = [measure(each, task, count)
           for each in (plain(kind), kind)[::-1 if backwards else 1]]
    return got[::-1 if backwards else 1]


def median_and_limits(values):
    """The median, and between what it is with a probability of 0.95.

    So many of the values are below the true one as of tosses of a coin are
    heads: no kind of distribution is taken for granted.
    """
    values = sorted(values)
    out, tail = 0, 0.5 ** len(values)
    while tail <= 0.025 and out < len(values) // 2:
        out += 1
        tail += math.comb(len(values), out) * 0.5 ** len(values)
    if not out:
        return statistics.median(values), None, None
    return statistics.median(values), values[out - 1], values[-out]


def compare(kind, options):
    """A line for each task; the lowest ratio."""
    lowest = 10
    for task, count in TASKS.items():
        count = max(1, count * options.percent // 100)
        pairs = [turn(kind, task, count, each % 2)
                 for each in range(options.rounds)]
        ratios = median_and_limits([got / tcp for tcp, got in pairs])
        say(FORM.format(kind.name, task, *[
            f"{statistics.median(values):.1f}" for values in zip(*pairs)],
            *["-" if ratio is None else f"{ratio:.3f}"
              for ratio in ratios]))
        lowest = min(lowest, ratios[0])
    return lowest


def main():
    parser = argparse.ArgumentParser(
        prog="selftests/many/mixed.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7,
                        help="of which fewer than 6 say no limits")
    parser.add_argument("--percent", type=int, default=100,
                        help="of the work in each measurement")
    parser.add_argument("--only", action="append", metavar="PAIR",
                        help="of the kinds of pairs; may be repeated")
    options = parser.parse_args()
    without, within = ([kind for kind in kinds
                        if not options.only or kind.name in options.only]
                       for kinds in (WITHOUT_MODULE, KINDS))
    say(FORM.format("pair", "what", "tcp/s", "sdirect/s", "ratio", "least",
                    "most"))
    compare(CONTROL, options)
    lowest = [compare(kind, options) for kind in without]
    with kernel.module(os.path.dirname(MODULE), lambda text: None):
        lowest += [compare(kind, options) for kind in within]
    say(f"lowest ratio: {min(lowest):.3f}, wanted: 0.97")


if __name__ == "__main__":
    main()
