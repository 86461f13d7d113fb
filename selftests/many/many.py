#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many connections at once, and what happens where a limit is reached.

Needs root and loads the module: tools/vm/run selftests/many/many.py
With --memory TRANSPORT it says what a connection takes that does nothing:
never used with --active 0, used before with as many as --connections.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import time
from typing import Callable, NamedTuple

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
sys.path[1:1] = [str(TOP / each) for each in
                 ("selftests/programs", "tools/demo")]

# pylint: disable=wrong-import-position
import crowd            # noqa: E402
import kernel           # noqa: E402
import storm            # noqa: E402
from crowd import Failed, Size, stat    # noqa: E402
from rowcases import mark, say          # noqa: E402

SMALL = Size(2, 150, 150)
IDLE = Size(1, 2000, 0)
IDLE_MOST = 1.2         # times what TCP takes
# Descriptors of a server besides its connections: three, the pipe to the parent,
# the listener, the set that it waits for; and a pipe for each pair.
OTHERS = 7
PROC = pathlib.Path("/proc")
SHORT = crowd.BUILD / "selftests/many/short"


def files_of(size):
    """Descriptors that a process needs."""
    return size.connections + OTHERS + 2 * size.pairs


def run(size, transport, visit=None, **kwargs):
    """What the clients say when they have used their connections."""
    kwargs.setdefault("limits", {resource.RLIMIT_NOFILE:
                                 files_of(size)})
    before = stat()
    with crowd.crowd(size, transport, **kwargs) as each:
        said = each.through(**(visit or {}))
    said["memory"] = stat()["tcp_memory"] - before["tcp_memory"]
    return said


def check(what, said):
    """Some connections have met the limit, and some have not."""
    some = said[what]
    if not 0 < some < said["connections"]:
        raise Failed(f"the limit was not reached: {said}")


def large(size, transport):
    """Many; some of them in use, for which rings may not suffice."""
    said = run(size, transport)
    if said["local"] < size.used() // 4:
        raise Failed(f"few by ring: {said}")
    return said


def files(transport):
    """As many descriptors as TCP needs, and not one more."""
    limit = files_of(SMALL)
    limits = {resource.RLIMIT_NOFILE: limit - 1}
    try:
        run(SMALL, "tcp", limits=limits)
    except Failed:
        pass
    else:
        raise Failed(f"TCP needs fewer than {limit} descriptors")
    said = run(SMALL, transport)
    if said["local"] != said["connections"]:
        raise Failed(f"not all by ring: {said}")


def maps(_):
    """vm.max_map_count: who is not mapped makes system calls."""
    with crowd.sysctl("vm/max_map_count", 150):
        check("leased", run(SMALL, "shim"))


def processes():
    """Those of the program, with what /proc says of them."""
    for path in PROC.glob("[0-9]*/status"):
        try:
            if (path.parent / "comm").read_text("ascii") == "many\n":
                yield int(path.parent.name), dict(
                    line.split(":") for line in
                    path.read_text("ascii").splitlines())
        except (FileNotFoundError, ProcessLookupError):
            pass


def restrict(resource_id, key, room):
    """From now on each may have what it has, and so many bytes more."""
    for pid, said in processes():
        limit = (int(said[key].split()[0]) << 10) + room
        resource.prlimit(pid, resource_id, (limit, limit))


def address_space(_):
    """RLIMIT_AS: the same."""
    check("leased", run(SMALL, "shim", {"open": lambda: restrict(
        resource.RLIMIT_AS, "VmSize", 4 << 20)}))


def memlock(_):
    """RLIMIT_MEMLOCK of a program that locks its memory: the same."""
    said = run(SMALL, "shim", {"open": lambda: restrict(
        resource.RLIMIT_MEMLOCK, "VmLck", 16 << 10)}, options=["--lock"],
        user=crowd.NOBODY, limits={resource.RLIMIT_MEMLOCK: 64 << 20})
    if said["leased"] or said["local"] != said["connections"]:
        raise Failed(f"the limit was not reached: {said}")


def group_memory(transport):
    """A memory cgroup that becomes tight: TCP lives in it, and so do we."""
    with crowd.memory_group("many") as group:
        def tighten():
            now = int((group / "memory.current").read_text("ascii"))
            (group / "memory.max").write_text(str(now + (8 << 20)), "ascii")

        said = run(SMALL, transport, {"open": tighten}, group=group)
        events = dict(line.split() for line in
                      (group / "memory.events").read_text("ascii").splitlines())
    if events["oom_kill"] != "0":
        raise Failed(f"killed: {events}")
    if transport != "tcp":
        check("local", said)


def short(transport):
    """Connections with one request each have no ring, and are not mapped."""
    def measure(requests):
        before = stat()
        subprocess.run(
            [*(crowd.SHIM if transport == "shim" else []), SHORT,
             *(["--direct"] if transport == "direct" else []),
             "--count", "200", "--requests", str(requests)],
            check=True, timeout=crowd.LIMIT, stdout=subprocess.DEVNULL,
            env=crowd.ALWAYS)
        after = stat()
        return {key: after[key] - before[key] for key in
                ("pairs", "switches_to_ring", "leases")}

    said = measure(1)
    if said != {"pairs": 200, "switches_to_ring": 0, "leases": 0}:
        raise Failed(f"one request each: {said}")
    # And those that go on have both: the counters count.
    said = measure(60)
    if said["switches_to_ring"] < 200 or \
            (transport == "shim") != (said["leases"] >= 200):
        raise Failed(f"many requests each: {said}")


def slab_bytes(transport):
    """What a connection takes that has never been used, both ends.

    Small objects are in caches with those of epoll, by which the program waits.
    Of what else the kernel does meanwhile there is less than half an object for
    each connection.
    """
    got = []
    limits = {resource.RLIMIT_NOFILE: files_of(IDLE)}
    before = crowd.slabs()
    with crowd.crowd(IDLE, transport, limits=limits) as each:
        each.through(used=lambda: got.append(crowd.slabs()))
    return sum(size * round((count - before.get(name, (0, 0))[0]) / IDLE.all())
               for name, (count, size) in got[0].items() if size > 128)


def idle(transport):
    """A connection that is open takes little more than TCP's."""
    tcp, taken = slab_bytes("tcp"), slab_bytes(transport)
    said = f"{taken} bytes of slabs, {tcp} of TCP"
    if not tcp < taken <= IDLE_MOST * tcp:
        raise Failed(said)
    return said


def storms(transport):
    """Many in vain are not tried on AF_SDIRECT any more, and then they are."""
    for name in storm.CHECKS:
        done = subprocess.run(
            [*(crowd.SHIM if transport == "shim" else []), sys.executable,
             storm.__file__, name], check=False, timeout=crowd.LIMIT,
            env={**os.environ, "SDIRECT_STORM":
                 "0" if name == "any_number" else str(storm.RATE)},
            stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failed(f"storm {name}: {done.stderr}")


class Row(NamedTuple):
    name: str
    transports: tuple
    run: Callable


ROWS = (
    Row("files", ("direct", "shim"), files),
    Row("maps", ("shim",), maps),
    Row("address-space", ("shim",), address_space),
    Row("memlock", ("shim",), memlock),
    Row("group-memory", ("tcp", "direct", "shim"), group_memory),
    Row("short", ("direct", "shim"), short),
    Row("idle", ("direct", "shim"), idle),
    Row("storm", ("shim",), storms),
)
CROWDS = ("direct", "shim")


def named():
    """What cases there are: for each transport, what it runs."""
    cases = {f"many-{name}": (large, name) for name in CROWDS}
    for row in ROWS:
        for transport in row.transports:
            cases[f"{row.name}-{transport}"] = (row.run, transport)
    return cases


def attempt(name, function, *args):
    """True if it went well."""
    begin = time.monotonic()
    mark("case", name)
    try:
        said = function(*args)
    except (Failed, OSError, ValueError, subprocess.SubprocessError) as error:
        say(f"{name}: {type(error).__name__}: {error}")
        say(f"replay: tools/vm/run selftests/many/many.py {name}")
        mark("failed", name)
        return False
    mark("passed", f"{name}, {time.monotonic() - begin:.0f} s"
         f"{f', {said}' if said else ''}")
    return True


def settled():
    """Memory in use, when it does not change any more."""
    end = time.monotonic() + 60
    last = None
    while time.monotonic() < end:
        (PROC / "sys/vm/drop_caches").write_text("2\n", encoding="ascii")
        time.sleep(1)
        now = crowd.memory()
        if last is not None and abs(now - last) < 1 << 18:
            break
        last = now
    return now


def idle_memory(transport, size):
    """Bytes that a connection takes; in a guest where there was none yet."""
    got = []
    before = settled()
    limits = {resource.RLIMIT_NOFILE: files_of(size)}
    with crowd.crowd(size, transport, limits=limits) as each:
        each.through(used=lambda: got.append(settled()))
    say(f"{transport}, {size.all()} connections, {size.used()} of them used "
        f"before: {(got[0] - before) / size.all():.0f} bytes each")


def main():
    parser = argparse.ArgumentParser(
        prog="selftests/many/many.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4, help="of processes")
    parser.add_argument("--connections", type=int, default=500,
                        help="of each pair")
    parser.add_argument("--active", type=int, default=50,
                        help="how many of these are used")
    parser.add_argument("--memory", metavar="TRANSPORT",
                        help="tcp, direct or shim")
    parser.add_argument("name", nargs="*", help="cases (default: all)")
    options = parser.parse_args()
    size = Size(options.pairs, options.connections, options.active)
    with kernel.module(os.path.dirname(MODULE), say):
        if options.memory:
            idle_memory(options.memory, size)
            return 0
        mark("section", "many")
        good = [attempt(name, function, *([size] if function is large else []),
                        transport)
                for name, (function, transport) in named().items()
                if not options.name or name in options.name]
        return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
