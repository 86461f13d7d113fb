#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An echo server and its client, by plain TCP sockets: to be run under the shim.

peers.py server prints its port; peers.py client PORT compares what comes back.
"""
import os
import socket
import sys

CLIENT, SERVER = "10.7.0.1", "10.7.1.1"
MESSAGES = 400
LARGE = 150000          # every fiftieth message


def receive(sock, length):
    data = b""
    while len(data) < length:
        got = sock.recv(length - len(data))
        if not got:
            sys.exit(0 if not data else "the end within a message")
        data += got
    return data


def serve():
    with socket.socket() as listener:
        listener.bind((SERVER, 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        sock, _ = listener.accept()
        while True:
            length = int.from_bytes(receive(sock, 4), "big")
            sock.sendall(receive(sock, length))


def ask(port):
    with socket.socket() as sock:
        sock.bind((CLIENT, 0))
        sock.connect((SERVER, port))
        for number in range(MESSAGES):
            data = os.urandom(1 + number * 7 if number % 50 else LARGE)
            sock.sendall(len(data).to_bytes(4, "big") + data)
            if receive(sock, len(data)) != data:
                sys.exit(f"other bytes in message {number}")


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        ask(int(sys.argv[2]))
