# SPDX-License-Identifier: GPL-2.0-only
"""iperf3, one stream."""
import contextlib
import json

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "iperf3"
NEEDS = ("iperf3",)
TRANSPORTS = ("tcp", "sdirect")
CASES = ((1, 1),)
READY = "Server listening"
BLOCK = 128 << 10       # bytes that it sends at once
BYTES = BLOCK


class Session:
    """A running server."""

    def __init__(self, port, prefix):
        self.port = port
        self.prefix = prefix

    def run(self, _clients, _pipeline, seconds):
        """Runs the client; what is counted is blocks, received."""
        text = run([*self.prefix, "iperf3", "-c", "127.0.0.1", "-p",
                    str(self.port), "-J", "-l", str(BLOCK), "-t",
                    str(seconds)])
        try:
            end = json.loads(text)["end"]["sum_received"]
            rate = end["bits_per_second"] / 8 / BLOCK
        except (KeyError, ValueError):
            raise DemoError("iperf3: %r" % text[-200:]) from None
        return {"blocks": (rate, None, None)}


@contextlib.contextmanager
def session(_transport, prefix, _directory):
    """A fresh server that is stopped at the end."""
    server, port = start_on_free_port(lambda port: Server(
        [*prefix, "iperf3", "-s", "--forceflush", "-B", "127.0.0.1", "-p",
         str(port)], READY))
    try:
        yield Session(port, prefix)
    finally:
        server.stop()


def calibrate(_running, seconds):
    """{case: seconds}."""
    return {case: max(1, round(seconds)) for case in CASES}
