# SPDX-License-Identifier: GPL-2.0-only
"""Servers that are known to be ready, and commands that always end."""

import collections
import os
import signal
import socket
import subprocess
import threading

START_LIMIT = 30        # seconds for a server to say that it is ready
STOP_LIMIT = 10
COMMAND_LIMIT = 180     # seconds for one benchmark run
PORT_TRIES = 5


class DemoError(Exception):
    """Something that the user is told in one line."""


def free_port():
    """A TCP port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command, limit=COMMAND_LIMIT):
    """The output of a command that must succeed within a time limit."""
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise DemoError("no end after %d s: %s"
                        % (limit, " ".join(command))) from None
    except OSError as error:
        raise DemoError("%s: %s" % (command[0], error.strerror)) from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise DemoError("%s failed (%d)%s"
                        % (" ".join(command), done.returncode,
                           ": " + last[0] if last else ""))
    return done.stdout


class Server:
    """A child process, from its line of readiness to its end."""

    def __init__(self, command, ready):
        self.command = command
        self.ready = ready
        self.lines = collections.deque(maxlen=20)
        self.event = threading.Event()
        self.seen = False
        self.child = None
        self.reader = None

    def _read(self):
        for line in self.child.stdout:
            self.lines.append(line.rstrip())
            if self.ready in line:
                self.seen = True
                self.event.set()
        self.event.set()

    def start(self):
        """Returns when the server has printed its line of readiness."""
        try:
            # A session of its own, so that its workers can be ended with it.
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", start_new_session=True)
        except OSError as error:
            raise DemoError("%s: %s"
                            % (self.command[0], error.strerror)) from None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.event.wait(START_LIMIT)
        if not self.seen:
            self.stop()
            raise DemoError("%s did not start: %s" % (
                " ".join(self.command[:3]), " | ".join(list(self.lines)[-3:])))

    def stop(self):
        """Ends the server and whatever it has started."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        self.reader.join(STOP_LIMIT)
        self.child.stdout.close()
        self.child = None


def start_on_free_port(make):
    """Starts make(port); another program may take the port first: try again."""
    for attempt in range(PORT_TRIES):
        port = free_port()
        server = make(port)
        try:
            server.start()
            return server, port
        except DemoError:
            in_use = any("in use" in line for line in server.lines)
            if not in_use or attempt == PORT_TRIES - 1:
                raise
    raise AssertionError("not reached")
