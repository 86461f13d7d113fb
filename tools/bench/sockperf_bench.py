# SPDX-License-Identifier: GPL-2.0-only
"""sockperf: ping-pong and throughput, messages of 64 bytes."""
import contextlib
import re

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "sockperf"
NEEDS = ("sockperf",)
TRANSPORTS = ("tcp", "sdirect")
CASES = ((1, 1),)
READY = "using recvfrom() to block on socket"
SIZE = 64
BYTES = SIZE // 2       # its clock stops before it does
# Half a round trip, as sockperf has it: both here as a whole.
MEAN = re.compile(r"Latency is ([\d.]+) usec")
P50 = re.compile(r"percentile 50\.0+ = +([\d.]+)")
P99 = re.compile(r"percentile 99\.0+ = +([\d.]+)")
RATE = re.compile(r"Message Rate is (\d+)")


class Session:
    """A running server."""

    def __init__(self, port, prefix):
        self.port = port
        self.prefix = prefix

    def client(self, what, seconds):
        """What it prints."""
        return run([*self.prefix, "sockperf", what, "--tcp", "-i",
                    "127.0.0.1", "-p", str(self.port), "-m", str(SIZE), "-t",
                    str(seconds)])

    def run(self, _clients, _pipeline, seconds):
        """Runs both, one after the other."""
        text = self.client("ping-pong", seconds)
        found = [pattern.search(text) for pattern in (MEAN, P50, P99)]
        stream = self.client("throughput", seconds)
        rate = RATE.search(stream)
        if not all(found) or not rate:
            raise DemoError("sockperf: %r" % (text + stream)[-300:])
        mean, p50, p99 = (2 * float(half[1]) for half in found)
        return {"ping-pong": (1e6 / mean, p50, p99),
                "throughput": (float(rate[1]), None, None)}


@contextlib.contextmanager
def session(_transport, prefix, _directory):
    """A fresh server that is stopped at the end."""
    server, port = start_on_free_port(lambda port: Server(
        ["stdbuf", "-oL", *prefix, "sockperf", "server", "--tcp", "-i",
         "127.0.0.1", "-p", str(port)], READY))
    try:
        yield Session(port, prefix)
    finally:
        server.stop()


def calibrate(_running, seconds):
    """{case: seconds}."""
    return {case: max(1, round(seconds)) for case in CASES}
