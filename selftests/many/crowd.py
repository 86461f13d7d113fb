# SPDX-License-Identifier: GPL-2.0-only
"""A crowd of connections, step by step, and what is judged of it."""
import contextlib
import json
import os
import pathlib
import resource
import select
import subprocess
import sys
import time
from typing import NamedTuple

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(TOP / "tools/demo"), str(TOP / "selftests/topology")]

import kernel           # noqa: E402
import spaces           # noqa: E402

BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
MANY = BUILD / "selftests/many/many"
SHIM = [BUILD / "sdirect-run", "--require"]
# However many connections are in vain.
ALWAYS = {**os.environ, "SDIRECT_STORM": "0"}
STEPS = ("open", "used", "all", "closed")
LIMIT = 150 * SLOWER    # seconds for one step
NOBODY = 65534
SLABS = pathlib.Path("/sys/kernel/slab")
SLABINFO = pathlib.Path("/proc/slabinfo")
MEMINFO = pathlib.Path("/proc/meminfo")


class Failed(Exception):
    """Something that TCP does has not been done."""


class Size(NamedTuple):
    """Pairs of processes, connections of each, how many of these are used."""
    pairs: int
    connections: int
    active: int
    rounds: int = 12

    def all(self):
        return self.pairs * self.connections

    def used(self):
        return self.pairs * self.active


def memory():
    """Bytes in use, but for what files have in memory."""
    rows = dict(line.split(":") for line in
                MEMINFO.read_text(encoding="ascii").splitlines())
    size = {key: int(rows[key].split()[0]) for key in
            ("MemTotal", "MemFree", "Buffers", "Cached")}
    return 1024 * (size["MemTotal"] - size["MemFree"] - size["Buffers"] -
                   size["Cached"])


def slabs():
    """What the kernel's slabs hold: {name: (objects, bytes of each)}.

    Once that is gone which is free but kept for a CPU, and counts as held, and
    what is freed behind a grace period: when it does not become less any more.
    """
    last = None
    for _ in range(60):
        for path in SLABS.glob("*/shrink"):
            path.write_text("1", encoding="ascii")
        rows = [line.split() for line in
                SLABINFO.read_text(encoding="ascii").splitlines()[2:]]
        now = {row[0]: (int(row[1]), int(row[3])) for row in rows}
        held = sum(count * size for count, size in now.values())
        if last is not None and abs(last - held) < 1 << 16:
            break
        last = held
        time.sleep(0.5)
    return now


class Crowd:
    """The program, which waits behind each step.

    limits: of resources, as setrlimit() names them; group: its memory cgroup
    """

    def __init__(self, size, transport, limits=None, group=None, options=(),
                 user=None):
        self.size, self.partial = size, b""
        argv = [*(SHIM if transport == "shim" else []), MANY,
                *(["--direct"] if transport == "direct" else []), *options]
        for key, value in size._asdict().items():
            argv += ["--" + key, str(value)]

        def prepare():
            if group:
                (group / "cgroup.procs").write_text("0", encoding="ascii")
            for name, value in (limits or {}).items():
                resource.setrlimit(name, (value, value))
            if user is not None:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)

        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=prepare)

    def step(self, name):
        """What it says at the end of a step."""
        end = time.monotonic() + LIMIT
        while b"\n" not in self.partial:
            pipe = self.process.stdout
            if not select.select([pipe], [], [],
                                 max(0, end - time.monotonic()))[0]:
                raise Failed(f"no {name} after {LIMIT} s")
            data = os.read(pipe.fileno(), 65536)
            if not data:
                raise Failed(f"no {name}, status {self.process.wait(LIMIT)}")
            self.partial += data
        line, _, self.partial = self.partial.partition(b"\n")
        said = json.loads(line)
        if said["event"] != name:
            raise Failed(f"{name}: {said}")
        return said

    def go(self):
        """On to the next step."""
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def through(self, **visit):
        """All steps; at some of them something is done before it goes on."""
        said = {}
        for name in STEPS:
            said[name] = self.step(name)
            if name in visit:
                visit[name]()
            self.go()
        if self.process.wait(LIMIT):
            raise Failed(f"status {self.process.returncode}")
        return said["used"]

    def stop(self):
        """Whatever it does; its children end with it."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        self.process.stdout.close()


@contextlib.contextmanager
def crowd(*args, **kwargs):
    each = Crowd(*args, **kwargs)
    try:
        yield each
    finally:
        each.stop()


def stat():
    """The module's counters."""
    return kernel.Counters(BUILD).read()


@contextlib.contextmanager
def sysctl(path, value):
    """Another value for a while."""
    file = pathlib.Path("/proc/sys", path)
    before = file.read_text(encoding="ascii")
    file.write_text(f"{value}\n", encoding="ascii")
    try:
        yield
    finally:
        file.write_text(before, encoding="ascii")


@contextlib.contextmanager
def memory_group(name):
    """A memory cgroup of its own; gone when all in it are."""
    net = spaces.Net()
    path = net.group(name)
    try:
        yield path
    finally:
        end = time.monotonic() + LIMIT
        while "populated 1" in (path / "cgroup.events").read_text("ascii") \
                and time.monotonic() < end:
            time.sleep(0.05)
        net.close()
