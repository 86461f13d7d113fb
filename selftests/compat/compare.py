#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs groups of tests on TCP, on AF_SDIRECT and under the shim, and compares.

For each test and transport "@@ case TRANSPORT.TEST" and "@@ passed" or
"@@ failed" are printed; between them, what differs and how to see it again.
"""
import argparse
import concurrent.futures
import difflib
import functools
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import tomllib

BUILD = pathlib.Path(os.environ.get(
    "SDIRECT_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
RUN = (str(BUILD / "sdirect-run"), "--require")
LIMIT = 600             # seconds for one group on one transport
TRIES = 3               # a busy machine may deliver late
TELL_SECONDS = 20
ARGUED = pathlib.Path(__file__).with_name("argued.toml")

# What each is compared with: the arguments of both must be the same.
# name: (words before the program, its options, the oracle's options)
TRANSPORTS = {
    "direct": ((), ("--direct",), ()),
    "direct6": ((), ("--direct", "--ipv6"), ("--ipv6",)),
    "direct_warm": ((), ("--direct", "--warm"), ("--warm",)),
    "shim": (RUN, (), ()),
    "shim_warm": (RUN, ("--warm",), ("--warm",)),
}


def record(before, program, options, tests, tell=None):
    """What the program writes: {test: [line]}; tell() gets a test's name."""
    env = dict(os.environ)
    if before:
        # And no test has plain TCP because of those before it.
        env |= {"SDIRECT_SHIM": "1", "SDIRECT_STORM": "0"}
    found, lines = {}, []
    with subprocess.Popen([*before, program, *options, *tests], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="backslashreplace") as process:
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        for line in process.stdout:
            line = line.rstrip("\n")
            if line.startswith("= "):
                lines = found.setdefault(line[2:], [])
                if tell:
                    tell(line[2:])
            else:
                lines.append(line)
        status = process.wait()
        timer.cancel()
    if status:
        lines.append(f"! exit status {status}")
    return found


class Told:
    """Says now and then which test is being run."""

    def __init__(self, group, how):
        self.group, self.how = group, " ".join(how)
        self.last = time.monotonic()

    def __call__(self, test):
        if time.monotonic() - self.last > TELL_SECONDS:
            self.last = time.monotonic()
            print(f"# {self.group}: {test} {self.how}", flush=True)


@functools.cache
def record_all(before, program, options):
    """The same for all tests, once: TCP's are compared with several."""
    told = Told(pathlib.Path(program).name, (*options, *before[:1]))
    return record(before, program, options, (), told)


def judge(oracle, mine, replay):
    """The lines that differ, or what is wrong with the oracle."""
    bad = [line for line in oracle if line.startswith("!")]
    if bad or not oracle:
        return ["TCP itself did not come to the end:"] + oracle
    if oracle == mine:
        return []
    diff = difflib.unified_diff(oracle, mine, "tcp", "sdirect", lineterm="",
                                n=4)
    return [*diff, f"replay: {replay}"]


def argued(group, transport, test):
    """Why this one may differ, as Documentation/compatibility.rst says."""
    for row in tomllib.loads(ARGUED.read_text(encoding="utf-8"))["differs"]:
        if row["group"] == group and test in row["tests"] and \
                re.fullmatch(row.get("transport", ".*"), transport):
            return row["why"]
    return None


class Comparison:
    """One program on TCP and on one transport."""

    def __init__(self, program, transport, *more):
        self.program = program
        self.group = pathlib.Path(program).name
        self.transport = transport
        self.before, options, oracle = TRANSPORTS[transport]
        self.options, self.oracle = (*options, *more), (*oracle, *more)

    def run(self, tests):
        if not tests:
            # At once: the tests that take long wait.
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                return tuple(pool.map(
                    record_all, ((), self.before), (self.program,) * 2,
                    (self.oracle, self.options)))
        return (record((), self.program, self.oracle, tests),
                record(self.before, self.program, self.options, tests))

    def difference(self, test, tcp, mine):
        """What differs each time, as lines."""
        replay = f"compare.py --transport {self.transport} {self.group} {test}"
        for _ in range(TRIES - 1):
            lines = judge(tcp.get(test, []), mine.get(test, []), replay)
            if not lines:
                break
            tcp, mine = self.run([test])
        return lines and judge(tcp.get(test, []), mine.get(test, []), replay)

    def report(self, test, lines):
        why = lines and argued(self.group, self.transport, test)
        print(f"@@ case {self.transport}.{test}")
        for line in lines:
            print(line)
        if why:
            print(f"argued: {why}")
        print("@@ failed" if lines and not why else "@@ passed",
              f"{self.transport}.{test}", flush=True)
        return bool(why or not lines)

    def compare(self, tests):
        """Prints each test's verdict; true if all are equal, or argued."""
        tcp, mine = self.run(tests)
        if not tcp:
            print(f"{self.program} runs no such test", file=sys.stderr)
        results = [self.report(test, self.difference(test, tcp, mine))
                   for test in tcp]
        return bool(tcp) and all(results)


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", action="append", choices=TRANSPORTS,
                        help="only this one (default: all)")
    parser.add_argument("--all", action="store_true",
                        help="those too that take long")
    parser.add_argument("group", help="data, ready, ...: a program")
    parser.add_argument("test", nargs="*", help="of the group (default: all)")
    return parser.parse_args()


def main():
    options = parse()
    program = str(BUILD / "selftests" / "compat" / options.group)
    more = ("--all",) if options.all else ()
    results = [Comparison(program, transport, *more).compare(options.test)
               for transport in options.transport or TRANSPORTS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
