# SPDX-License-Identifier: GPL-2.0-only
"""Programs of others, as Debian ships them: each a row, and a module.

A module has PROGRAM, NEEDS, TRANSPORTS, CASES, session() and calibrate(), as
those of the demo do, which are used here too.  Where its session cannot tell how
many bytes were moved(), its BYTES are the least of a request and its answer.
"""
import contextlib
import os
import tempfile

# First: it puts the demo on the path.
import worker

# pylint: disable=wrong-import-order
import iperf_bench
import memcached_bench
import nginx_bench
import pgbench_bench
import proxy_bench
import redis_bench
import sockperf_bench
from kernel import Counters, find_program, ring_bytes
from proc import DemoError
from results import Key

BENCHES = (redis_bench, memcached_bench, nginx_bench, proxy_bench,
           pgbench_bench, iperf_bench, sockperf_bench)
SHARE = 0.7     # of the bytes: each connection begins on TCP
# The demo's names of transports, and ours.
NAMES = {"tcp": "tcp", "unix": "unix", "sdirect": "shim"}


def group_of(bench, test, pipeline):
    """Like redis-get and redis-get-p16."""
    name = bench.PROGRAM
    if test:
        name += "-" + test.lower().replace(" ", "-")
    return name + ("-p%d" % pipeline if pipeline > 1 else "")


def prefix_of(transport):
    """What to put before the command of a program."""
    if transport != "sdirect":
        return []
    return [os.path.join(worker.BUILD, "sdirect-run"), "--require", "--"]


def moved_in(bench, server, before, found, seconds):
    """Bytes that a run has moved, at least."""
    if hasattr(server, "moved"):
        return server.moved() - before
    return sum(rate for rate, *_ in found.values()) * seconds * bench.BYTES


class Programs:
    """All of them, on servers that live as long as this does."""

    def __init__(self, groups, seconds, results, progress):
        self.benches = [bench for bench in BENCHES
                        if not groups or bench.PROGRAM in groups]
        self.seconds = seconds
        self.results = results
        self.progress = progress
        self.counters = Counters(worker.BUILD)
        self.stack = contextlib.ExitStack()
        self.running = {}
        self.amounts = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def steps(self):
        """In one round."""
        return sum(len(bench.TRANSPORTS) * len(bench.CASES)
                   for bench in self.benches)

    def check(self):
        """Everything is there, before the long part."""
        for bench in self.benches:
            for name in bench.NEEDS:
                find_program(name)

    def server(self, bench, transport):
        """The one of a program and a transport."""
        key = bench, transport
        if key not in self.running:
            directory = self.stack.enter_context(
                tempfile.TemporaryDirectory(prefix="sdirect-bench-"))
            self.running[key] = self.stack.enter_context(
                bench.session(transport, prefix_of(transport), directory))
            if bench not in self.amounts:
                self.amounts[bench] = bench.calibrate(self.running[key],
                                                      self.seconds)
        return self.running[key]

    def one(self, bench, transport, case):
        """One run of a load generator."""
        server = self.server(bench, transport)
        amount = self.amounts[bench][case]
        moved = server.moved() if hasattr(server, "moved") else 0
        before = self.counters.read()
        found = server.run(*case, amount)
        if transport == "sdirect":
            ring = ring_bytes(before, self.counters.read())
            least = moved_in(bench, server, moved, found, amount)
            if ring < SHARE * least:
                raise DemoError("%s: only %d of %d bytes by rings"
                                % (bench.PROGRAM, ring, least))
        clients, pipeline = case
        for test, values in found.items():
            group = group_of(bench, test, pipeline)
            for metric, unit, value in zip(("requests", "p50", "p99"),
                                           ("1/s", "us", "us"), values):
                if value is not None:
                    self.results.add(Key(group, NAMES[transport], 0, clients,
                                         metric, unit), value)
        return found

    def round(self, turn):
        """Each case over one transport after the other."""
        for bench in self.benches:
            first = turn % len(bench.TRANSPORTS)
            names = bench.TRANSPORTS[first:] + bench.TRANSPORTS[:first]
            for case in bench.CASES:
                for name in names:
                    try:
                        found = self.one(bench, name, case)
                    except DemoError as error:
                        self.progress.failed(error)
                        continue
                    self.progress("round %d: %s over %s, clients %d, pipeline "
                                  "%d: %s" % (turn + 1, bench.PROGRAM,
                                              NAMES[name], *case, ", ".join(
                                                  "%s %.4g" % (test, value[0])
                                                  for test, value in
                                                  found.items())))
