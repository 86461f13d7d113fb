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
import socket
import sys

CHUNK = bytes(range(256)) * 8
LIMIT = 60              # seconds that one call may take
LISTENERS = {}
TALKS = {}


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


def close(name):
    for end in TALKS.pop(name):
        end.close()
    return "closed"


def main():
    for line in sys.stdin:
        what, *words = json.loads(line)
        try:
            said = {"listen": listen, "connect": connect, "talk": talk,
                    "close": close}[what](*words)
        except ConnectionError as error:
            said = errno.errorcode.get(error.errno, "?")
        except (OSError, AssertionError) as error:
            said = f"{type(error).__name__}: {error}"
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
