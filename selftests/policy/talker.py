#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes connections to itself and talks on them, as it is told on stdin.

It is run under the shim.  Each line is a list in JSON: the name of a function
below and its arguments; so is each answer, of one value.  What an error of the
connection is called is an answer as well.
"""
import errno
import json
import os
import random
import socket
import sys
import threading
import zlib

CHUNK = bytes(range(256)) * 8
LIMIT = 60              # seconds that one call may take
POOL = random.Random(1).randbytes(1 << 18)
LISTENERS = {}
TALKS = {}
STREAMS = {}


def listen(name):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(LIMIT)
    LISTENERS[name] = listener
    return listener.getsockname()[1]


def connect(name, listener, uid=0):
    """As this user; the inodes of both sockets."""
    client = socket.socket()
    os.seteuid(uid)
    try:
        client.connect(LISTENERS[listener].getsockname())
    finally:
        os.seteuid(0)
    server = LISTENERS[listener].accept()[0]
    for end in (client, server):
        end.settimeout(LIMIT)
    TALKS[name] = client, server
    return [os.fstat(end.fileno()).st_ino for end in (client, server)]


def pass_on(sender, reader, turn):
    data = bytes((byte + turn) & 255 for byte in CHUNK)
    sender.sendall(data)
    got = b""
    while len(got) < len(data):
        more = reader.recv(len(data) - len(got))
        if not more:
            raise ConnectionError(errno.ECONNRESET, "end of stream")
        got += more
    if got != data:
        raise AssertionError("other bytes than were sent")


def talk(name, turns):
    client, server = TALKS[name]
    for turn in range(turns):
        pass_on(client, server, turn)
        pass_on(server, client, turn + 1)
    return "well"


class Stream:
    """Both ends of a connection send until they are told to stop."""

    def __init__(self, ends):
        self.ends = ends
        self.stop = threading.Event()
        self.sent = [(0, 0), (0, 0)]    # bytes, their checksum
        self.got = [(0, 0), (0, 0)]
        self.errors = []
        self.threads = [threading.Thread(target=self.run, args=(what, at))
                        for what in (self.send, self.read) for at in (0, 1)]
        for thread in self.threads:
            thread.start()

    def run(self, what, at):
        try:
            what(at)
        except OSError as error:
            self.errors.append(errno.errorcode.get(error.errno, str(error)))
            self.stop.set()

    def send(self, at):
        rng = random.Random(at)
        while not self.stop.is_set():
            first = rng.randrange(len(POOL))
            block = POOL[first:first + rng.choice((1, 100, 5000, 60000))]
            self.ends[at].sendall(block)
            count, crc = self.sent[at]
            self.sent[at] = count + len(block), zlib.crc32(block, crc)
        self.ends[at].shutdown(socket.SHUT_WR)

    def read(self, at):
        while block := self.ends[at].recv(50000):
            count, crc = self.got[1 - at]
            self.got[1 - at] = count + len(block), zlib.crc32(block, crc)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(LIMIT)
        stuck = any(thread.is_alive() for thread in self.threads)
        return {"errors": self.errors + ["stuck"] * stuck,
                "same": self.sent == self.got, "bytes": self.sent[0][0]}


def stream(name):
    STREAMS[name] = Stream(TALKS[name])
    return "streams"


def passed(name):
    """Bytes that have arrived, of the direction of which fewer have."""
    return min(count for count, _ in STREAMS[name].got)


def stream_end(name):
    return STREAMS.pop(name).end()


def close(name):
    for end in TALKS.pop(name):
        end.close()
    return "closed"


def main():
    for line in sys.stdin:
        what, *words = json.loads(line)
        try:
            said = {"listen": listen, "connect": connect, "talk": talk,
                    "stream": stream, "passed": passed,
                    "stream_end": stream_end, "close": close}[what](*words)
        except ConnectionError as error:
            said = errno.errorcode.get(error.errno, "?")
        except (OSError, AssertionError) as error:
            said = f"{type(error).__name__}: {error}"
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
