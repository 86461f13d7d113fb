#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Short connections, over TCP and over sdirect by turns: set-ups per second.

Needs root and loads the module: tools/vm/run selftests/many/short.py

With `tools/vm/run --accel count --cpus 1` a nanosecond is an instruction, so
that the results are the same each time.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
sys.path[1:1] = [str(TOP / "tools/demo")]

import kernel           # noqa: E402

PROGRAMS = BUILD / "selftests/many"
SHIM = [BUILD / "sdirect-run", "--require"]
# What is put before the program, and behind it; the first is compared with.
TRANSPORTS = {
    "tcp": ([], []),
    "sdirect": ([], ["--direct"]),
    # All are tried, however many were in vain.
    "shim": (["env", "SDIRECT_STORM=0", *SHIM], []),
    # As programs have it: but for the first it is TCP's.
    "default": (SHIM, []),
}
# Only one end is: what that costs where it cannot help.
HALVES = {
    "client": ([], ["--client"]),
    "server": ([], ["--server"]),
}
LIMIT = 120             # seconds for one measurement
FORM = "{:10}{:>10}{:>12}{:>12}{:>8}"
CALLS = "{:10}" + "{:>10}" * (len(TRANSPORTS) + len(HALVES))


def say(*words):
    print(*words, flush=True)


def run(program, transport, *words):
    """What the program says."""
    before, behind = {**TRANSPORTS, **HALVES}[transport]
    done = subprocess.run([*before, PROGRAMS / program, *behind, *words],
                          check=True, stdout=subprocess.PIPE, timeout=LIMIT)
    return json.loads(done.stdout)


def measure(transport, options):
    """Connections per second."""
    result = run("short", transport, "--count", str(options.count),
                 "--requests", str(options.requests),
                 *(["--one-cpu"] if options.one_cpu else []))
    return result["connections"] / result["seconds"]


def rounds(options):
    """All transports by turns; what each has reached, round by round."""
    got = {name: [] for name in TRANSPORTS}
    for number in range(options.rounds):
        for name in TRANSPORTS if number % 2 else reversed(TRANSPORTS):
            got[name].append(measure(name, options))
        say(f"round {number + 1} of {options.rounds}:",
            ", ".join(f"{name} {values[-1]:.0f}/s"
                      for name, values in got.items()))
    return got


def table(got, requests, one_cpu):
    """The medians, and those of the ratios within a round."""
    say(f"\nConnections per second with {requests} "
        f"{'request' if requests == 1 else 'requests'} each"
        f"{', both ends on one CPU' if one_cpu else ''}\n")
    say(FORM.format("transport", "median", "lowest", "highest", "ratio"))
    for name, values in got.items():
        ratio = statistics.median(value / tcp
                                  for value, tcp in zip(values, got["tcp"]))
        say(FORM.format(name, *[f"{value:.0f}" for value in (
            statistics.median(values), min(values), max(values))],
            f"{ratio:.3f}"))


def account(options):
    """What each call costs, in nanoseconds; once more than is shown."""
    for _ in range(2):
        got = {name: run("account", name, "--count", str(options.count))
               for name in (*TRANSPORTS, *HALVES)}
    say("Nanoseconds in each call of a connection, both ends in one process\n")
    say(CALLS.format("call", *got))
    for call in got["tcp"]:
        say(CALLS.format(call, *[costs[call] for costs in got.values()]))
    sums = [sum(costs.values()) for costs in got.values()]
    say(CALLS.format("all", *sums))
    say(CALLS.format("ratio", *[f"{sums[0] / each:.3f}" for each in sums]))


def main():
    parser = argparse.ArgumentParser(
        prog="selftests/many/short.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=1000,
                        help="connections in one measurement")
    parser.add_argument("--requests", type=int, default=1,
                        help="of each connection")
    parser.add_argument("--one-cpu", action="store_true",
                        help="both ends on one CPU: what it costs together")
    parser.add_argument("--calls", action="store_true",
                        help="say what each call costs instead")
    options = parser.parse_args()
    with kernel.module(os.path.dirname(MODULE), say):
        if options.calls:
            account(options)
            return
        table(rounds(options), options.requests, options.one_cpu)


if __name__ == "__main__":
    main()
