# SPDX-License-Identifier: GPL-2.0-only
"""What must be reached: a row each, judged by the medians of one run."""
from typing import Callable, NamedTuple

from benches import BULK, KINDS, MB


class Target(NamedTuple):
    """value: from Results to a number, or None if it was not measured; least:
    the number is to be reached, else it must not be passed"""
    what: str
    against: str
    limit: float
    least: bool
    value: Callable


def times(group, metric, ours, theirs, size=8, clients=0):
    """How many times theirs ours is."""
    return lambda results: results.ratio(
        (group, ours, metric, size, clients),
        (group, theirs, metric, size, clients))


def worst(group, metric, ours, theirs, sizes=BULK):
    """The same, for the worst of some sizes."""
    def value(results):
        found = [times(group, metric, ours, theirs, size)(results)
                 for size in sizes]
        found = [one for one in found if one is not None]
        return min(found) if found else None
    return value


def memory(metric):
    """Of however many connections have been measured."""
    def value(results):
        found = [times("memory", metric, "shim", "tcp", 0, clients)(results)
                 for clients in (1000, 500)]
        return next((one for one in found if one is not None), None)
    return value


def requests(group, clients):
    """Those of a program, sdirect's to TCP's."""
    return times(group, "requests", "shim", "tcp", 0, clients)


def judged(group):
    """What the policy costs at set-up."""
    return lambda results: results.ratio(
        (group, "calls", "both", 8, 0), ("judged-default", "calls", "both", 8, 0))


def decided(metric):
    """By sdirectd's engine, by the worst kind of rules."""
    def value(results):
        found = [results.median("rules", kind, metric) for kind in KINDS]
        return max(found) if None not in found else None
    return value


def more_than_unjudged(results):
    """Microseconds that a connection takes more among 100,000 rules."""
    found = [results.median(group, "calls", "both", 8)
             for group in ("judged-many", "judged-default")]
    return (found[0] - found[1]) / 1000 if None not in found else None


def listed(results):
    """A socket among 10,000 connections, to one among 1000."""
    return results.ratio(("listing", "calls", "socket", 0, 10000),
                         ("listing", "calls", "socket", 0, 1000))


TARGETS = (
    Target("native: 8 B round trip, spinning, libsdirect",
           "cache-line ping-pong", 1.5, False,
           times("native-rtt", "typical", "ring", "line")),
    Target("native: 8 B stream, libsdirect",
           "bare queue with a wake-up check", 0.9, True,
           times("native-stream", "typical", "ring", "queue-wake")),
    Target("native: 8 B stream, libsdirect", "bare queue", 0.5, True,
           times("native-stream", "typical", "ring", "queue")),
    Target("native: 64 KB to 1 MB stream, libsdirect", "memcpy by one core",
           0.8, True, worst("native-stream", "typical", "ring-grown", "memcpy")),
    Target("native: 8 B round trip, spinning, shim", "libsdirect", 1.25, False,
           times("native-rtt", "typical", "ring-shim", "ring")),
    Target("native: instructions, 8 B send and recv by the shim", "counted",
           200, False, lambda results: results.median(
               "instructions", "ring-shim", "both", 8)),
    Target("8 B round trip, spinning, shim", "TCP", 40, True,
           times("rtt-spin", "mean", "tcp", "shim")),
    Target("8 B round trip, spinning, shim", "Unix socket", 20, True,
           times("rtt-spin", "mean", "unix", "shim")),
    Target("8 B round trip, both ends asleep", "TCP", 1.5, True,
           times("rtt-sleep", "mean", "tcp", "shim")),
    Target("8 B round trip, system calls only", "TCP", 2, True,
           times("rtt-spin", "mean", "tcp", "calls")),
    Target("8 B round trip, both ends on one CPU", "Unix socket", 1, True,
           times("rtt-one-cpu", "mean", "unix", "shim")),
    Target("8 B stream", "TCP", 20, True,
           times("stream", "messages", "shim", "tcp")),
    Target("8 B stream", "Unix socket", 5, True,
           times("stream", "messages", "shim", "unix")),
    Target("64 KB to 1 MB stream", "TCP", 2, True,
           worst("stream", "bandwidth", "shim", "tcp")),
    Target("64 KB to 1 MB stream", "Unix socket", 1.5, True,
           worst("stream", "bandwidth", "shim", "unix")),
    Target("redis GET, 1 client", "TCP", 3, True, requests("redis-get", 1)),
    Target("redis GET, 50 clients", "TCP", 2, True, requests("redis-get", 50)),
    Target("memcached, 1 client", "TCP", 2, True, requests("memcached", 1)),
    Target("memcached, 32 clients", "TCP", 2, True, requests("memcached", 32)),
    Target("nginx keep-alive, 1 client", "TCP", 1.7, True,
           requests("nginx-1-kb-file", 1)),
    Target("nginx keep-alive, 50 clients", "TCP", 1.7, True,
           requests("nginx-1-kb-file", 50)),
    Target("pgbench -S, 1 client", "TCP", 1.3, True, requests("pgbench", 1)),
    Target("pgbench -S, 8 clients", "TCP", 1.3, True, requests("pgbench", 8)),
    Target("epoll echo, 50 busy clients: system calls of the server",
           "messages", 0.2, False, lambda results: results.median(
               "server-lt", "shim", "server-calls", 8, 50)),
    Target("connection, one request, close", "TCP", 0.9, True,
           times("connect", "connections", "shim", "tcp")),
    Target("instructions of a connection, judged by 1000 rules", "no rule",
           1.02, False, judged("judged-rules")),
    Target("instructions of a connection, judged by a kept answer", "no rule",
           1.02, False, judged("judged-cached")),
    Target("instructions of a connection, which a helper is asked about",
           "no rule", 1.05, False, judged("judged-asked")),
    Target("the same, and is told everything", "no rule", 1.05, False,
           judged("judged-asked-all")),
    Target("a decision by 100,000 rules in sdirectd, us, worst kind",
           "counted", 20, False, decided("decision")),
    Target("the slowest of them", "counted", 20, False, decided("slowest")),
    Target("a connection judged by 100,000 rules, us more", "no rule", 20,
           False, more_than_unjudged),
    Target("reload of 100,000 rules in the guest, s", "counted", 2, False,
           lambda results: results.median("reload", "mixed", "time")),
    Target("a socket in a list of 10,000 connections", "of 1000", 1.05, False,
           listed),
    Target("memory of an idle connection", "TCP", 1.2, False,
           memory("idle-memory")),
    Target("CPU of an idle program with 50 connections, %", "counted", 0,
           False, lambda results: results.median(
               "server-lt", "shim", "idle-cpu", 0, 50)),
    Target("CPU seconds per GB at 1 MB", "TCP", 0.5, False,
           times("stream", "cpu", "shim", "tcp", MB)),
)


def judge(results):
    """As they are in the file; what was not measured is null."""
    found = []
    for target in TARGETS:
        value = target.value(results)
        met = None
        if value is not None:
            met = value >= target.limit if target.least else \
                value <= target.limit
        found.append({"what": target.what, "against": target.against,
                      "goal": "%s %g" % (">=" if target.least else "<=",
                                         target.limit),
                      "value": value, "met": met})
    return found
