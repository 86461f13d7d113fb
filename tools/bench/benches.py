# SPDX-License-Identifier: GPL-2.0-only
"""What is measured on what: the transports and the benchmarks, a row each.

The programs of others are in programs.py.
"""
from typing import NamedTuple

KB, MB = 1 << 10, 1 << 20


class Transport(NamedTuple):
    """How bytes get from one end to the other.

    row: what sdirect-bench calls it; shim: how the shim gets in front of it,
    by "run" (sdirect-run) or by "preload" (where there is no module);
    net: over the networks that net.py makes
    """
    name: str
    row: str
    what: str
    shim: str = ""
    net: bool = False


TRANSPORTS = {row.name: row for row in (
    Transport("pipe", "pipe", "a pipe for each direction"),
    Transport("unix", "unix", "a Unix stream socket"),
    Transport("tcp", "tcp", "TCP over the loopback device"),
    Transport("veth", "tcp", "TCP between two namespaces on a bridge",
              net=True),
    Transport("native", "native", "AF_SDIRECT by libsdirect"),
    Transport("shim", "shim", "TCP's calls, under the shim", "run"),
    Transport("calls", "calls", "AF_SDIRECT by system calls, nothing mapped"),
    Transport("queue", "queue", "a bare queue in shared memory"),
    Transport("queue-wake", "queue-wake", "the same, which looks for a sleeper"),
    Transport("line", "line", "one cache line back and forth"),
    Transport("memcpy", "memcpy", "one core copies"),
    Transport("ring", "ring", "libsdirect over a memory file"),
    Transport("ring-grown", "ring-grown", "the same, with rings of 4 MB"),
    Transport("ring-shim", "ring-shim", "the shim's calls over a memory file",
              "preload"),
)}

SOCKETS = ("unix", "tcp", "veth", "native", "shim", "calls")
ALL = ("pipe", *SOCKETS, "queue", "queue-wake")
SERVERS = ("unix", "tcp", "shim", "calls")
OPEN = (1, 10, 100, 1000, 10000)
CLIENTS = (1, 10, 50, 200, 1000)
RING = ("ring", "ring-shim", "queue", "queue-wake")
NATIVE = ("pipe", "unix", "tcp", *RING)

SIZES = (8, 64, 512, 4 * KB, 16 * KB, 64 * KB, 256 * KB, MB)
FEW = (8, 4 * KB, 64 * KB, MB)
BULK = (64 * KB, 256 * KB, MB)


class Bench(NamedTuple):
    """One call of sdirect-bench for each transport, in each round.

    what: for people; where: native or guest; sizes: of messages, all in one
    call, those of a short run; clients: a call for each number, and those of a
    short run; only: transports that take part with some sizes only; active: of
    the clients, at most, 0: all
    """
    group: str
    what: str
    where: str
    command: tuple
    transports: tuple
    sizes: tuple = (8,)
    few: tuple = (8,)
    clients: tuple = (0,)
    few_clients: tuple = (0,)
    only: dict = {}
    active: int = 0


def opened(active):
    """Connections to one server, of which some are busy."""
    return Bench("open-%d" % active, "%d busy of many open connections"
                 % active, "guest", ("server",), SERVERS,
                 clients=tuple(n for n in OPEN if n >= active),
                 few_clients=(1000,) if active < 100 else (),
                 active=active)


BENCHES = (
    Bench("native-rtt", "round trip, both ends spinning", "native", ("rtt",),
          ("line", *NATIVE), SIZES, FEW, only={"line": (8,)}),
    Bench("native-stream", "one way", "native", ("stream",),
          ("memcpy", *NATIVE, "ring-grown"), SIZES, FEW,
          only={"ring-grown": BULK}),
    Bench("rtt-spin", "round trip, one after the other", "guest", ("rtt",),
          ("line", *ALL), SIZES, FEW, only={"line": (8,)}),
    Bench("rtt-sleep", "round trip after 1 ms without traffic", "guest",
          ("rtt", "--idle"), ("pipe", *SOCKETS), FEW),
    Bench("rtt-one-cpu", "round trip, both ends on one CPU", "guest",
          ("rtt", "--one-cpu"), ("pipe", *SOCKETS), FEW),
    Bench("stream", "one way", "guest", ("stream",), ("memcpy", *ALL), SIZES,
          FEW),
    Bench("connect", "connect, one request and its answer, close", "guest",
          ("connect",), ("unix", "tcp", "veth", "shim", "calls")),
    opened(1), opened(10), opened(100),
    Bench("memory", "memory of a connection, both ends", "guest", ("memory",),
          SERVERS, clients=(1000,), few_clients=(500,)),
    Bench("server-lt", "an epoll server, level-triggered, all clients busy",
          "guest", ("server",), SERVERS, clients=CLIENTS,
          few_clients=(1, 50)),
    Bench("server-et", "the same, edge-triggered", "guest",
          ("server", "--edge"), SERVERS, clients=CLIENTS, few_clients=(50,)),
    Bench("threads", "threads that send on one socket", "guest", ("threads",),
          SERVERS, clients=(1, 2, 4, 8), few_clients=(4,)),
    Bench("lease", "a system call that the library does not know of",
          "guest", ("lease",), ("tcp", "shim")),
    Bench("fork", "fork of a process with 32 sockets, and a child's use",
          "guest", ("fork",), ("tcp", "shim")),
)


# What the policy says while connections are set up; tools/bench/decisions.
JUDGED = {
    "judged-default": "connect, one request, close; no rule",
    "judged-rules": "the same; 1000 rules, of which the last one decides",
    "judged-cached": "the same; by an answer that the helper has given before",
    "judged-asked": "the same; the helper is asked about each, by users and port",
    "judged-asked-all": "the same; and is told all, with paths of programs",
    "judged-many": "the same; 100,000 mixed rules of sdirectd's",
}

# Of selftests/policy/large.py; each stands where a transport would.
RULES = 100000
KINDS = ("mixed", "crossed", "ranges", "boxes")
# Natively, tools/bench/rules; in the guest that counts, tools/bench/decisions.
RULED = {
    "rules": "100,000 rules: read, made ready for questions, decide one",
    "reload": "the same, in the guest, until they are in force",
    "listing": "a list of all sockets, of so many connections",
}


def chosen(where, groups, quick):
    """The benchmarks of a place, with the sizes that are wanted."""
    return [bench._replace(sizes=bench.few, clients=bench.few_clients)
            if quick else bench for bench in BENCHES
            if bench.where == where and (not groups or bench.group in groups)]


def sizes_of(bench, transport):
    """Those that a transport takes part with."""
    only = bench.only.get(transport)
    return [size for size in bench.sizes if only is None or size in only]
