#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs test suites of other programs on TCP and under the shim, and compares.

Runs in a guest, as root, each transport in a network of its own.  For each suite "@@ case NAME" and "@@ passed NAME" or
"@@ failed NAME" are printed, between them what differs.  A suite's result is
kept below --results and taken from there while nothing that it depends on has
changed.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import listed  # noqa: E402
import rings  # noqa: E402
import verdicts  # noqa: E402
from kinds import KINDS  # noqa: E402
from launch import Launcher  # noqa: E402

TOP = listed.HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
MODULE = pathlib.Path(os.environ.get("SDIRECT_MODULE", TOP / "sdirect.ko"))
SHIM = [BUILD / "sdirect-run", "--require"]
TRANSPORTS = {"tcp": [], "shim": SHIM}
PACKAGES = ("libc6", "libpython3.11-testsuite", "perl", "python3.11")
# Before what the shim preloads.
PRELOAD = ["sh", "-c", 'export LD_PRELOAD="$0:$LD_PRELOAD"; exec "$@"']
TRIES = 3
WHY_LINES = 12          # of each failure


def say(text):
    """A line at once: two transports may speak."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def within(transport, *argv):
    """A command in the transport's network."""
    return ["ip", "netns", "exec", transport, *map(str, argv)]


def make_networks():
    """So that ports and counters are each transport's own."""
    for transport in TRANSPORTS:
        for words in (["netns", "add", transport],
                      ["-n", transport, "link", "set", "lo", "up"]):
            subprocess.run(["ip", *words], check=True, timeout=60)


def key(suite):
    """What a result depends on."""
    versions = subprocess.run(["dpkg-query", "-W", *PACKAGES], check=True,
                              stdin=subprocess.DEVNULL, timeout=60,
                              stdout=subprocess.PIPE).stdout
    digest = hashlib.sha256(repr((suite, versions, os.uname())).encode())
    for path in (MODULE, BUILD / "libsdirect-preload.so",
                 BUILD / "sdirect-run", *sorted(listed.HERE.glob("*.py")),
                 listed.ARGUED):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Runs:
    """One suite on both transports."""

    def __init__(self, suite, results):
        self.suite = suite
        self.kind = KINDS[suite.kind]
        self.directory = results / suite.name
        self.directory.mkdir(parents=True, exist_ok=True)

    def run(self, transport, only=()):
        """Its results, and by how much the counters have grown."""
        count = within(transport, BUILD / "sdirect", "stat", "--json")
        begin, before = time.monotonic(), rings.counters(count)
        what = f"{self.suite.name} on {transport}"
        say(f"# suites: {what}: {len(only) or 'all'} tests")
        directory = self.directory / transport
        directory.mkdir(exist_ok=True)
        launcher = Launcher(within(transport, *TRANSPORTS[transport]),
                            self.directory / f"{transport}.log",
                            lambda text: say(f"# suites: {what}: {text}"))
        found = self.kind(self.suite, launcher, directory).run(only)
        say(f"# suites: {what}: {verdicts.in_words(found)} in "
            f"{time.monotonic() - begin:.0f} s")
        return found, rings.grown(before, rings.counters(count))

    def both(self):
        """At once: most tests wait most of the time."""
        with concurrent.futures.ThreadPoolExecutor(len(TRANSPORTS)) as pool:
            return list(pool.map(self.run, TRANSPORTS))

    def again(self, tests):
        return self.run("tcp", tests)[0], self.run("shim", tests)[0]

    def compare(self):
        """The lines to print, and what is wrong."""
        for transport in TRANSPORTS:
            (self.directory / f"{transport}.log").unlink(missing_ok=True)
        (tcp, tcp_rings), (shim, shim_rings) = self.both()
        found = verdicts.compare(
            tcp, shim, self.again, TRIES,
            lambda test: listed.argued(self.suite.name, test))
        bad = [f"{sum(v.kind == 'differs' for v in found)} more fail"] \
            if any(v.kind == "differs" for v in found) else []
        passed = verdicts.counts(tcp).get("passed", 0)
        if passed < self.suite.least:
            bad.append(f"only {passed} tests pass on TCP, "
                       f"{self.suite.least} expected")
        bad += filter(None, [rings.wrong(tcp_rings, shim_rings,
                                         self.suite.rings)])
        self.keep(tcp, shim)
        lines = [f"tcp:  {verdicts.in_words(tcp)}",
                 f"shim: {verdicts.in_words(shim)}",
                 f"rings: {rings.in_words(shim_rings)}"]
        return lines + list(described(found)) + \
            list(failing(tcp, shim)), bad

    def keep(self, tcp, shim):
        for name, found in (("tcp", tcp), ("shim", shim)):
            (self.directory / f"{name}.json").write_text(
                json.dumps(found, indent=1, sort_keys=True))


def described(found):
    for verdict in found:
        tries = ", ".join(f"{tcp.word}/{shim.word}" for tcp, shim in
                          zip(verdict.tcp, verdict.shim))
        yield f"{verdict.kind}: {verdict.test}: tcp/shim {tries}"
        for line in verdict.why.splitlines()[-WHY_LINES:]:
            yield f"    {line}"


def failing(tcp, shim):
    """So that nobody takes a test for a proof that TCP does not pass."""
    for test, outcome in sorted(tcp.items()):
        if outcome.word in verdicts.FAILING:
            here = shim.get(test, verdicts.ABSENT).word
            yield f"fails on TCP: {test}: {outcome.word}, shim {here}"


def one(suite, results, fresh):
    """Prints a suite's verdict; true if it is a good one."""
    say(f"@@ case {suite.name}")
    saved, digest = results / f"{suite.name}.json", key(suite)
    kept = json.loads(saved.read_text()) if saved.exists() and not fresh \
        else {}
    if kept.get("key") != digest:
        lines, bad = Runs(suite, results).compare()
        kept = {"key": digest, "lines": lines, "bad": bad}
        # What failed is run anew.
        if not bad:
            saved.write_text(json.dumps(kept))
    else:
        say("# suites: as it was found before")
    for line in kept["lines"]:
        say(line)
    if kept["bad"]:
        say(f"# replay: selftests/suites/suites.py {suite.name}")
    say(f"@@ {'failed' if kept['bad'] else 'passed'} {suite.name}: "
        f"{'; '.join(kept['bad']) or kept['lines'][1]}")
    return not kept["bad"]


def parse(known):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--list", action="store_true", help="say which there are")
    add("--results", type=pathlib.Path, default=BUILD / "selftests/suites",
        help="where results are kept")
    add("--sources", type=pathlib.Path, default=BUILD / "selftests/suites/src",
        help="where sources.py has put what no package installs")
    add("--fresh", action="store_true", help="run what has passed, too")
    add("--plant", metavar="LIBRARY",
        help="a fault: preload this, too, under the shim")
    add("name", nargs="*", help="a suite (default: all)")
    options = parser.parse_args()
    for name in set(options.name) - set(known):
        parser.error(f"no suite {name}")
    return options


def main():
    known = listed.suites()
    options = parse(known)
    if options.list:
        print("\n".join(known))
        return 0
    if options.plant:
        SHIM.extend([*PRELOAD, options.plant])
    subprocess.run(["insmod", MODULE], check=True, timeout=60)
    make_networks()
    say("@@ section suites")
    results = []
    for name in options.name or known:
        known[name].sources = options.sources
        results.append(one(known[name], options.results, options.fresh))
    # Refused while a socket is left.
    subprocess.run(["rmmod", "sdirect"], check=True, timeout=60)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
