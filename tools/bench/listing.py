# SPDX-License-Identifier: GPL-2.0-only
"""What a list of many connections costs, in the guest that counts."""
import contextlib
import resource
import struct
import time

# pylint: disable=import-error      # whoever imports this says where they are
from genl import F_DUMP, NLMSG_DONE, K, Netlink
from world import Inet, connect

COUNTS = (1000, 10000)
# The last message of all.
DONE = struct.pack("IH", 20, NLMSG_DONE)


@contextlib.contextmanager
def connections(count):
    """So many, which nobody uses."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 100,) * 2)
    with contextlib.ExitStack() as stack, Inet() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        for _ in range(count):
            client = stack.enter_context(Inet())
            connect(client, listener.getsockname())
            stack.enter_context(listener.accept()[0])
        yield


def listed(count):
    """Nanoseconds for each of their sockets."""
    with Netlink() as link:
        begin = time.monotonic_ns()
        link.send_raw(b"", K.CMD_CONN_GET, F_DUMP)
        size = 0
        data = b""
        while data[-20:-14] != DONE:
            data = link.sock.recv(1 << 17)
            size += len(data)
        took = time.monotonic_ns() - begin
    # It has told of all of them.
    assert size > 100 * 2 * count, size
    return took / (2 * count)
