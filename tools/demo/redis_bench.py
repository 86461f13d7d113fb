# SPDX-License-Identifier: GPL-2.0-only
"""redis-server and redis-benchmark, as Debian ships them."""

import contextlib
import csv
import io
import os
import socket

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "redis"
NEEDS = ("redis-server", "redis-benchmark")
TRANSPORTS = ("tcp", "unix", "sdirect")
CASES = ((1, 1), (50, 1), (50, 16), (1, 16))    # clients, pipeline
PROBE_BATCHES = 20
PROBE_SECONDS = 0.02    # a shorter run says nothing about the rate
MIN_BATCHES = 100       # per client: what goes by TCP at first stays small
READY = "eady to accept connections"
LIMIT = 20


class Control:
    """A connection of the demo's own, whose bytes it can take off again."""

    def __init__(self, family, address):
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(address)
        self.file = self.sock.makefile("rb")
        self.bytes = 0

    def close(self):
        """Closes the connection."""
        self.file.close()
        self.sock.close()

    def _send(self, text):
        self.sock.sendall(text)
        self.bytes += len(text)

    def ping(self):
        """The server must answer."""
        self._send(b"PING\r\n")
        answer = self.file.readline()
        self.bytes += len(answer)
        if answer != b"+PONG\r\n":
            raise DemoError("redis-server answered %r to PING" % answer)

    def moved(self):
        """Bytes that the server has moved for everyone else since its start."""
        self._send(b"INFO stats\r\n")
        mine = self.bytes       # it has not counted this answer yet
        head = self.file.readline()
        body = self.file.read(int(head[1:]) + 2)
        self.bytes += len(head) + len(body)
        values = dict(line.split(":", 1) for line in
                      body.decode().split("\r\n") if ":" in line)
        return (int(values["total_net_input_bytes"])
                + int(values["total_net_output_bytes"]) - mine)


class Session:
    """A running redis-server and how to reach it."""

    def __init__(self, server, family, address, where, prefix):
        self.server = server
        self.where = where      # redis-benchmark's options
        self.prefix = prefix
        try:
            self.control = Control(family, address)
            self.control.ping()
        except OSError as error:
            raise DemoError("redis-server: %s" % error) from None

    def moved(self):
        """Exact count of the bytes of the benchmarks so far."""
        return self.control.moved()

    def run(self, clients, pipeline, requests):
        """Runs SET and GET; {test: (requests/s, p50, p99 in us)}."""
        table = run(self.prefix + ["redis-benchmark", *self.where,
                                   "-t", "set,get", "-n", str(requests),
                                   "-c", str(clients), "-P", str(pipeline),
                                   "--csv"])
        rows = list(csv.DictReader(io.StringIO(table)))
        try:
            found = {row["test"]: (float(row["rps"]),
                                   float(row["p50_latency_ms"]) * 1000,
                                   float(row["p99_latency_ms"]) * 1000)
                     for row in rows}
            return {test: found[test] for test in ("GET", "SET")}
        except (KeyError, TypeError, ValueError):
            raise DemoError("redis-benchmark printed no usable table: %r"
                            % table[:200]) from None


@contextlib.contextmanager
def session(transport, prefix, directory):
    """A fresh redis-server that is stopped at the end."""
    common = prefix + ["redis-server", "--save", "", "--appendonly", "no",
                       "--daemonize", "no", "--dir", directory]
    if transport == "unix":
        path = os.path.join(directory, "redis.sock")
        server = Server(common + ["--port", "0", "--unixsocket", path], READY)
        server.start()
        reach = (socket.AF_UNIX, path, ["-s", path])
    else:
        server, port = start_on_free_port(lambda port: Server(
            common + ["--bind", "127.0.0.1", "--port", str(port)], READY))
        reach = (socket.AF_INET, ("127.0.0.1", port),
                 ["-h", "127.0.0.1", "-p", str(port)])
    running = None
    try:
        running = Session(server, *reach, prefix)
        yield running
    finally:
        if running:
            running.control.close()
        server.stop()


def _probe(running, clients, pipeline):
    """Requests per second, roughly."""
    requests = clients * pipeline * PROBE_BATCHES
    while True:
        measured = running.run(clients, pipeline, requests)
        rate = min(result[0] for result in measured.values())
        # Its clock counts milliseconds: a run within one has no rate.
        if rate * PROBE_SECONDS < requests:
            return rate
        requests *= 4


def calibrate(running, seconds):
    """{case: number of requests that take about that long here}."""
    return {(clients, pipeline):
            max(int(_probe(running, clients, pipeline) * seconds),
                clients * pipeline * MIN_BATCHES)
            for clients, pipeline in CASES}
