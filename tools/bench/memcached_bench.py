# SPDX-License-Identifier: GPL-2.0-only
"""memcached and memcaslap: nine gets for each set, values of 1 KB."""
import contextlib
import os
import re
import socket

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "memcached"
NEEDS = ("memcached", "memcaslap")
TRANSPORTS = ("tcp", "sdirect")     # its load generator reaches no Unix socket
CASES = ((1, 1), (32, 1))
BYTES = 500     # nine of ten answers have a value of 1 KB
READY = "server listening"
LIMIT = 20
VALUE = """\
key
16 16 1
value
1024 1024 1
cmd
0 0.1
1 0.9
"""


class Session:
    """A running server."""

    def __init__(self, port, prefix, directory):
        self.port = port
        self.prefix = prefix
        self.config = os.path.join(directory, "load")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(VALUE)
        self.hush()

    def hush(self):
        """No more lines: it writes 18 for each request, in as many calls."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      LIMIT) as sock:
            sock.sendall(b"verbosity 0\r\n")
            answer = sock.recv(16)
        if answer != b"OK\r\n":
            raise DemoError("memcached: %r" % answer)

    def run(self, clients, _pipeline, seconds):
        """Runs the load; it counts in whole seconds."""
        text = run([*self.prefix, "memcaslap", "-s",
                    "127.0.0.1:%d" % self.port, "-T", "1", "-c", str(clients),
                    "-w", "1k", "-F", self.config, "-t", "%ds" % seconds])
        rate = re.search(r"TPS: (\d+)", text)
        misses = re.search(r"get_misses: (\d+)", text)
        if not rate or not misses or int(misses[1]) or not int(rate[1]):
            raise DemoError("memcaslap: %r" % text[-200:])
        return {"": (float(rate[1]), None, None)}


@contextlib.contextmanager
def session(_transport, prefix, directory):
    """A fresh server that is stopped at the end."""
    server, port = start_on_free_port(lambda port: Server(
        [*prefix, "memcached", "-u", "root", "-l", "127.0.0.1", "-p",
         str(port), "-U", "0", "-t", "1", "-vv"], READY))
    try:
        try:
            running = Session(port, prefix, directory)
        except OSError as error:
            raise DemoError("memcached: %s" % error) from None
        yield running
    finally:
        server.stop()


def calibrate(_running, seconds):
    """{case: seconds}."""
    return {case: max(1, round(seconds)) for case in CASES}
