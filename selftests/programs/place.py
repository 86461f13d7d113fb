# SPDX-License-Identifier: GPL-2.0-only
"""Where a program is exercised: over plain TCP, or under the shim.

A row starts servers and clients through it, gives what came out of them to
same(), and says by part() how many bytes it is about to move: the module's
counters tell whether they went by rings.
"""
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import programs
from kernel import RING_RX, RING_TX, Counters, ring_bytes
from proc import DemoError, Server, run, start_on_free_port

SHARE = 0.7         # of the payload: each connection begins on TCP
LIMIT = 120         # seconds for one command
TICK = 0.05         # between two looks at a condition
NOBODY = 65534      # for servers that refuse to be root
MIB = 1 << 20


class Failed(Exception):
    """A program did not do what it had to."""


def digest(path):
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def until(what, condition, limit=LIMIT):
    """The first value of a condition that is true."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failed(f"after {limit} s still not: {what}")
        time.sleep(TICK)
    return value


def listening(port):
    """Does somebody accept connections there?"""
    try:
        socket.create_connection(("127.0.0.1", port), LIMIT).close()
    except ConnectionRefusedError:
        return False
    return True


def verdict(ring, payload, rings):
    """Why these bytes by rings are not what they must be, or None."""
    if not rings:
        return f"{ring} bytes by rings, none expected" if ring else None
    if ring < payload * SHARE or not ring:
        return f"rings not used: {ring} of {payload} bytes by rings"
    return None


class Meter:
    """What has gone by rings, with what the module has not been told yet.

    A program that reads and writes its rings by itself tells the module at its
    next system call; until then `sdirect list` knows more than `sdirect stat`.
    """

    def __init__(self, build):
        self.counters = Counters(build)
        self.list = [os.path.join(build, "sdirect"), "list", "--json"]

    def _untold(self):
        rows = json.loads(run(self.list, limit=LIMIT))
        return {key: sum(row[mine] - row["counters"].get(key, 0)
                         for row in rows)
                for key, mine in ((RING_TX, "tx_ring_bytes"),
                                  (RING_RX, "rx_ring_bytes"))}

    def read(self):
        """All counters, of a moment in which nothing was told."""
        end = time.monotonic() + LIMIT
        now = self.counters.read()
        while True:
            before, untold = now, self._untold()
            now = self.counters.read()
            if ring_bytes(before, now) == 0 or time.monotonic() > end:
                return {**now, **{key: now[key] + more
                                  for key, more in untold.items()}}


class Payload:
    """A file of pseudo-random bytes."""

    def __init__(self, path, size, seed):
        self.path, self.size = path, size
        with open(path, "wb") as file:
            file.write(random.Random(seed).randbytes(size))
        self.digest = digest(path)


class Part:
    """What is moved; known before, or when it is done."""

    def __init__(self, payload):
        self.payload = payload


class Place:
    """One transport, and all that is started on it."""

    def __init__(self, transport, directory, counters, shim, say):
        self.transport = transport
        self.top = directory            # what prepare() has made is here
        self.home = os.path.join(directory, transport)
        self.counters = counters
        self.prefix = shim if transport == "shim" else []
        self.say = say
        self.seen = {}                  # compared with the other transport
        self.servers = []
        self.stack = contextlib.ExitStack()
        self.made = 0
        os.mkdir(self.home)
        os.chmod(self.home, 0o777)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stack.close()

    # Files

    def path(self, *names):
        """A path of this transport's own."""
        return os.path.join(self.home, *names)

    def directory(self, *names):
        """A new directory that anybody may write to."""
        path = self.path(*names)
        os.makedirs(path)
        os.chmod(path, 0o777)
        return path

    def write(self, name, text):
        """A new file; its path."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def payload(self, size, name="payload", seed=1):
        """A file of that many bytes, the same on each transport."""
        return Payload(self.path(name), size, seed)

    def table(self, lines, width):
        """The lines of a table: a number, and that many bytes as digits."""
        data = self.payload(lines * width)
        with open(data.path, "rb") as file:
            return "".join(f"{at}\t{file.read(width).hex()}\n"
                           for at in range(lines))

    def fresh(self, name="out"):
        """A path that nobody has used."""
        self.made += 1
        return self.path(f"{name}.{self.made}")

    # Programs

    def argv(self, program, *words, nobody=False):
        """The command line of a program on this transport."""
        found = programs.find(program)
        if not found:
            raise Failed(f"{program} is not installed: {programs.SETUP}")
        user = [programs.find("setpriv"), f"--reuid={NOBODY}",
                f"--regid={NOBODY}", "--clear-groups"] if nobody else []
        return [*user, *self.prefix, found, *map(str, words)]

    def spawn(self, argv, stdin=None, stdout=None, env=None):
        """Starts a command; its files are given as paths."""
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(open(stdin or os.devnull, "rb"))
            sink = stack.enter_context(open(stdout or self.fresh(), "wb"))
            errors = stack.enter_context(open(self.fresh("err"), "wb"))
            child = subprocess.Popen(argv, stdin=source, stdout=sink,
                                     stderr=errors,
                                     env=dict(os.environ, **(env or {})))
        child.output, child.errors = sink.name, errors.name
        return child

    def finish(self, child, limit=LIMIT, status=0):
        """The output of a command that must end with this status."""
        try:
            got = child.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"no end after {limit} s: "
                         f"{' '.join(child.args)}") from None
        if got != status:
            raise Failed(f"{' '.join(child.args)}: status {got}\n"
                         f"{tail(child.errors)}{tail(child.output)}")
        return child.output

    def run(self, argv, **options):
        """The path of the output of a command that must succeed."""
        return self.finish(self.spawn(argv, **options))

    def text(self, argv, **options):
        """The output itself."""
        with open(self.run(argv, **options), encoding="utf-8") as file:
            return file.read().strip()

    def serve(self, make, ready, env=None):
        """Starts make(port), a command line; the port that it listens on."""
        def server(port):
            words = [f"{name}={value}" for name, value in (env or {}).items()]
            argv = (["env", *words] if words else []) + make(port)
            return Server(argv, ready)

        started, port = start_on_free_port(server)
        self.servers.append(started)
        self.stack.callback(self._stop, started)
        return port

    def _stop(self, server):
        ended = server.child.poll()
        if ended is not None:       # what it has left would be waited for
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.child.pid, signal.SIGKILL)
        server.stop()
        if ended is not None:
            raise Failed(f"{server.command}: ended by itself with {ended}")

    # Judgement

    def same(self, what, got, want):
        """Both must be equal, and on the other transport too."""
        self.seen[what] = got
        if got != want:
            raise Failed(f"{what}: {got!r}, not {want!r}")

    def file(self, what, path, payload):
        """This file must have the bytes of the payload."""
        self.same(what, digest(path), payload.digest)

    @contextlib.contextmanager
    def part(self, name, payload=0, rings=True):
        """Moves that many bytes by rings, or none at all."""
        part = Part(payload)
        before, begin = self.counters.read(), time.monotonic()
        yield part
        seconds = time.monotonic() - begin
        after = self.counters.read()
        ring = ring_bytes(before, after)
        self.say(f"{self.transport} {name}: {ring} of {part.payload} bytes "
                 f"by rings, {seconds:.1f} s")
        wrong = verdict(ring, part.payload,
                        rings and self.transport == "shim")
        if wrong:
            change = {key: after[key] - before[key] for key in after
                      if isinstance(after[key], int)
                      and after[key] != before.get(key)}
            raise Failed(f"{name}: {wrong}\n{change}")


def tail(path, size=2000):
    """The end of a file, for a report."""
    with open(path, "rb") as file:
        return file.read()[-size:].decode(errors="replace")


def copy_shim(build, directory):
    """The command line of the shim, where every user can read it."""
    for name in ("sdirect-run", "libsdirect-preload.so"):
        path = os.path.join(build, name)
        if not os.path.exists(path):
            raise DemoError(f"{path} is not built: run make")
        shutil.copy(path, directory)
    return [os.path.join(directory, "sdirect-run"), "--require", "--"]
