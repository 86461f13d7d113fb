# SPDX-License-Identifier: GPL-2.0-only
"""PostgreSQL and pgbench -S: one row by its key."""
import contextlib
import glob
import os
import re
import shutil
import tempfile

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "pgbench"
TRANSPORTS = ("tcp", "unix", "sdirect")
CASES = ((1, 1), (8, 1))
BYTES = 50
READY = "database system is ready to accept connections"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def program(name):
    """The newest release's, which is not in everybody's PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))
    return found[-1] if found else shutil.which(name) or name


NEEDS = ("setpriv", *map(program, ("initdb", "postgres", "pgbench")))


class Session:
    """A running server."""

    def __init__(self, host, port, prefix):
        self.where = ["-h", host, "-p", str(port), "-U", "postgres"]
        self.prefix = prefix
        run([*NOBODY, program("pgbench"), *self.where, "-i", "-s", "1", "-q",
             "postgres"])

    def run(self, clients, _pipeline, seconds):
        """Runs the load; it counts in whole seconds."""
        text = run([*NOBODY, *self.prefix, program("pgbench"), *self.where,
                    "-S", "-n", "-c", str(clients), "-T", str(seconds),
                    "postgres"])
        rate = re.search(r"tps = ([\d.]+)", text)
        mean = re.search(r"latency average = ([\d.]+) ms", text)
        failed = re.search(r"failed transactions: (\d+)", text)
        if not rate or not mean or not failed or int(failed[1]):
            raise DemoError("pgbench: %r" % text[-200:])
        return {"": (float(rate[1]), None, None)}


@contextlib.contextmanager
def session(transport, prefix, _directory):
    """A fresh server that is stopped at the end, run by nobody."""
    with tempfile.TemporaryDirectory(prefix="sdirect-bench-pg-") as directory:
        os.chown(directory, 65534, 65534)
        data = os.path.join(directory, "data")
        # Where nobody may read the programs.
        shim = []
        if prefix:
            for name in ("sdirect-run", "libsdirect-preload.so"):
                shutil.copy(os.path.join(os.path.dirname(prefix[0]), name),
                            directory)
            os.chmod(directory, 0o755)
            shim = [os.path.join(directory, "sdirect-run"), *prefix[1:]]
        run([*NOBODY, program("initdb"), "-D", data, "-U", "postgres", "-A",
             "trust", "--no-sync", "--no-instructions", "--locale=C",
             "--encoding=UTF8"])
        server, port = start_on_free_port(lambda port: Server(
            [*NOBODY, *shim, program("postgres"), "-D", data, "-p",
             str(port), "-h", "127.0.0.1", "-k", directory, "-F"], READY))
        try:
            yield Session(directory if transport == "unix" else "127.0.0.1",
                          port, shim)
        finally:
            server.stop()


def calibrate(_running, seconds):
    """{case: seconds}."""
    return {case: max(1, round(seconds)) for case in CASES}
