# SPDX-License-Identifier: GPL-2.0-only
"""What an administrator does to connections, and what becomes of them.

Where nothing else is said TCP is the oracle: the same is done to it.
"""
import contextlib
import errno
import fcntl
import os
import pathlib
import re
import socket
import struct
import termios
import threading
import time

from sockets import (Failed, accept, client, direct, expect, info, is_direct,
                     listener, plain, say, take, until)

DEMOTE = 0xd504         # SDIRECT_IOC_DEMOTE
SO_LINGER_NOW = struct.pack("ii", 1, 0)
ONE, TWO = "10.1.0.1", "10.1.0.2"
PORT = 4000
KEEP = pathlib.Path("/sys/module/sdirect/parameters/keep_alive")
# A connection that is lost shows within so many seconds.
LOST = 5


def cable(net):
    """Two namespaces on a veth."""
    net.spaces("one", "two")
    net.cable("one", "two", [f"{ONE}/24"], [f"{TWO}/24"])
    net.flush()


def connected(net, stack, make, to=(TWO, PORT), seed=0):
    """A connection between them, client first; on rings if it can be."""
    with net.inside("two"):
        waiting = stack.enter_context(listener(make, (TWO, PORT)))
    with net.inside("one"):
        one = stack.enter_context(client(make, to))
    two = stack.enter_context(accept(waiting))
    two.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting.close()
    say(one, two, seed=seed)
    expect("direct", [is_direct(end) for end in (one, two)],
           [make is direct] * 2)
    return one, two


def outcome(call, *args):
    """What it returns, or the name of its error."""
    try:
        return call(*args)
    except TimeoutError as error:
        # A socket's own time limit has no number.
        return errno.errorcode.get(error.errno, "no answer")
    except OSError as error:
        return errno.errorcode[error.errno]


def both(net, scenario, *args):
    """The same for TCP and for AF_SDIRECT."""
    found = []
    for make in (plain, direct):
        with contextlib.ExitStack() as stack:
            found.append(scenario(net, stack, make, *args))
    expect("AF_SDIRECT", found[1], found[0])
    print(f"TCP and AF_SDIRECT: {found[0]}", flush=True)
    return found[0]


class Waiting(threading.Thread):
    """A receive that sleeps."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.found = sock, None
        self.start()

    def run(self):
        self.found = outcome(self.sock.recv, 100)

    def end(self):
        self.join(30)
        return self.found


def killed(net, stack, make, unread):
    """ss -K at the client's end, while somebody waits or something is unread."""
    one, two = connected(net, stack, make)
    waiting = []
    if unread:
        one.sendall(b"to two")
        two.sendall(b"to one")
    else:
        waiting = [Waiting(one), Waiting(two)]
    net.exec("one", "ss", "-K", "dport", "=", f":{PORT}")
    heard = [each.end() for each in waiting]
    if not unread:
        return heard
    until("the end", lambda: outcome(two.getsockopt, socket.IPPROTO_TCP,
                                     socket.TCP_INFO, 1) == b"\x07")
    return [outcome(end.recv, 100) for end in (one, two) for _ in range(3)] + \
        [outcome(end.send, b"x") for end in (one, two)]


def ss_kill(net):
    cable(net)
    heard = both(net, killed, False)
    expect("those that wait", heard, ["ECONNABORTED", "ECONNRESET"])


def ss_kill_unread(net):
    cable(net)
    both(net, killed, True)


def ss_shows(net):
    """ss knows the connection by its addresses, as any other."""
    cable(net)
    with contextlib.ExitStack() as stack:
        one, _ = connected(net, stack, direct)
        text = net.exec("one", "ss", "-tnH", "state", "established")
        expect("ss", len(re.findall(
            rf"{ONE}:{one.getsockname()[1]} +{TWO}:{PORT}", text)), 1)


def name_of_space_goes(net):
    """The name of a namespace is deleted: its sockets keep it alive."""
    def scenario(_, stack, make):
        net.spaces("three")
        net.flush()
        with net.inside("three"):
            waiting = stack.enter_context(listener(make, ("127.0.0.1", PORT)))
            one = stack.enter_context(client(make, ("127.0.0.1", PORT)))
        two = stack.enter_context(accept(waiting))
        say(one, two)
        with net.inside("one"):
            net.exec("one", "ip", "netns", "del", "sdt-three")
        os.close(net.files.pop("three"))
        say(one, two)
        fate = is_direct(one)
        one.close()
        return fate == (make is direct), outcome(two.recv, 1)

    cable(net)
    expect("end", both(net, scenario), (True, b""))


def away(net, stack, make, take_away, give_back):
    """Closed while the way is gone; heard when it is back."""
    one, two = connected(net, stack, make)
    net.exec("one", "ip", *take_away)
    if make is direct:
        # No wire is needed; TCP would wait.
        say(one, two, seed=3)
        expect("by ring", is_direct(one), True)
    one.close()
    two.settimeout(0.3)
    heard = [outcome(two.recv, 1)]
    net.exec("one", "ip", *give_back)
    two.settimeout(60)
    return heard + [outcome(two.recv, 1)]


def address_goes(net):
    """The client's address is taken away, and given back."""
    cable(net)
    heard = both(net, away, ("addr", "del", f"{ONE}/24", "dev", "two"),
                 ("addr", "add", f"{ONE}/24", "dev", "two"))
    expect("the end", heard, ["no answer", b""])


def interface_goes_down(net):
    cable(net)
    heard = both(net, away, ("link", "set", "two", "down"),
                 ("link", "set", "two", "up"))
    expect("the end", heard, ["no answer", b""])


def interface_is_deleted(net):
    """For good: the ring goes on until somebody closes, or TCP gives up."""
    cable(net)
    with contextlib.ExitStack() as stack:
        one, two = connected(net, stack, direct)
        net.exec("one", "ip", "link", "del", "two")
        say(one, two, seed=4)
        expect("by ring", is_direct(one), True)


def queued(sock):
    """Bytes that TCP has sent, or has to send, without an acknowledgement."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]


def keepalive(net):
    """SO_KEEPALIVE of an end that waits notices that the way is gone."""
    def scenario(_, stack, make):
        one, two = connected(net, stack, make)
        for option, value in ((socket.TCP_KEEPIDLE, 1),
                              (socket.TCP_KEEPINTVL, 1),
                              (socket.TCP_KEEPCNT, 2)):
            two.setsockopt(socket.IPPROTO_TCP, option, value)
        two.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # While TCP has something to send again, that is what it waits for.
        until("acknowledged", lambda: not queued(one) and not queued(two))
        net.exec("one", "ip", "link", "set", "two", "down")
        heard = outcome(two.recv, 1)
        net.exec("one", "ip", "link", "set", "two", "up")
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, SO_LINGER_NOW)
        return heard

    cable(net)
    # No route is what is heard of a way that is gone, where there is no answer.
    heard = both(net, scenario)
    if heard not in ("ETIMEDOUT", "EHOSTUNREACH"):
        raise Failed(f"heard: {heard}")


def user_timeout(net):
    """TCP_USER_TIMEOUT of an end whose peer does not read."""
    def scenario(_, stack, make):
        one, two = connected(net, stack, make)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        two.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
        one.settimeout(40)
        fate = 1
        while isinstance(fate, int):
            fate = outcome(one.send, bytes(65536))
        print(f"{fate}: {info(one)}", flush=True)
        return fate

    cable(net)
    expect("heard", both(net, scenario), "ETIMEDOUT")


def counted(net, space):
    """Packets of the port with bytes of the stream, that the filter has seen."""
    text = net.exec(space, "nft", "list", "table", "ip", "a")
    return [int(number) for number in re.findall(r"packets (\d+)", text)]


def watched(net, verdict=""):
    """Counts at the server; the second rule sees what has bytes of the stream."""
    net.nft("two", "table ip a { chain i { type filter hook input priority 0; "
            f"tcp dport {PORT} tcp flags & (syn | fin) != 0 counter; "
            f"tcp dport {PORT} ip length > 100 counter {verdict} }} }}")


def filter_sees(net):
    """The handshake and the end; of the bytes those that go by TCP."""
    cable(net)
    watched(net)
    with contextlib.ExitStack() as stack:
        one, two = connected(net, stack, direct)
        edges, before = counted(net, "two")
        expect("the handshake", edges > 0, True)
        expect("first bytes", before > 0, True)
        say(one, two, seed=5, rounds=100)
        expect("by ring", counted(net, "two")[1], before)
        fcntl.ioctl(one, DEMOTE)
        say(one, two, seed=6, rounds=10)
        if counted(net, "two")[1] < before + 10:
            raise Failed("demoted, and not seen")
        one.close()
        expect("end", two.recv(1), b"")
        expect("the FIN", counted(net, "two")[0] > edges, True)


def filter_drops(net):
    """A rule that drops what is established stops what goes by TCP only."""
    cable(net)
    with contextlib.ExitStack() as stack:
        one, two = connected(net, stack, direct)
        watched(net, "drop")
        say(one, two, seed=7)
        expect("by ring", is_direct(one), True)
        fcntl.ioctl(one, DEMOTE)
        one.sendall(b"x" * 100)
        two.settimeout(1)
        expect("demoted", outcome(two.recv, 1), "no answer")
        net.nft("two", "flush ruleset")
        two.settimeout(30)
        expect("without the rule", take(two, 100), b"x" * 100)


def published(net):
    """A client, a router that publishes a port and forgets soon, a server."""
    net.spaces("one", "router", "two")
    net.cable("one", "router", ["10.3.0.1/24"], ["10.3.0.254/24"])
    net.cable("two", "router", [f"{TWO}/24"], ["10.1.0.254/24"])
    net.ip("two", "route add default via 10.1.0.254")
    net.router("router")
    net.flush()
    net.nft("router", "table ip n { chain p { type nat hook prerouting "
            f"priority -100; ip daddr 10.3.0.254 tcp dport {PORT} dnat to "
            f"{TWO}:{PORT} }} }}")
    net.sysctl("router", "netfilter/nf_conntrack_tcp_timeout_established", 6)
    # A connection that is not known is nobody's.
    net.sysctl("router", "netfilter/nf_conntrack_tcp_loose", 0)
    return "10.3.0.254", PORT


@contextlib.contextmanager
def keep_alive(seconds):
    before = KEEP.read_text(encoding="ascii")
    KEEP.write_text(f"{seconds}\n", encoding="ascii")
    try:
        yield
    finally:
        KEEP.write_text(before, encoding="ascii")


def busy(one, two, seconds):
    """Bytes by ring for so long; a wait that is the test itself."""
    end, seed = time.monotonic() + seconds, 10
    while time.monotonic() < end:
        seed += 1
        say(one, two, seed=seed, rounds=5)
        time.sleep(0.1)


def conntrack_remembers(net):
    """A busy ring keeps its connection known to a router that forgets."""
    to = published(net)
    with contextlib.ExitStack() as stack, keep_alive(1):
        one, two = connected(net, stack, direct, to)
        busy(one, two, 14)
        expect("by ring", is_direct(one), True)
        fcntl.ioctl(one, DEMOTE)
        say(one, two, seed=8)
        expect("by TCP", info(one).tx, "tcp")


def conntrack_forgets(net):
    """And without that it is forgotten: the row above shows something."""
    to = published(net)
    with contextlib.ExitStack() as stack, keep_alive(3600):
        one, two = connected(net, stack, direct, to)
        busy(one, two, 14)
        fcntl.ioctl(one, DEMOTE)
        one.settimeout(LOST)
        two.settimeout(LOST)
        one.sendall(b"x")
        lost = outcome(two.recv, 1)
        if lost == b"x":
            raise Failed("the router has not forgotten the connection")
        print(f"lost: {lost}", flush=True)


def conntrack_forgets_idle(net):
    """What moves nothing is forgotten, with TCP as well."""
    def scenario(_, stack, make):
        to = published(net) if make is plain else ("10.3.0.254", PORT)
        one, two = connected(net, stack, make, to)
        time.sleep(14)
        if make is direct:
            fcntl.ioctl(one, DEMOTE)
        two.settimeout(LOST)
        one.sendall(b"x")
        return outcome(two.recv, 1)

    with keep_alive(1):
        heard = both(net, scenario)
    if heard == b"x":
        raise Failed("the router has not forgotten the connection")


ROWS = (ss_kill, ss_kill_unread, ss_shows, name_of_space_goes, address_goes,
        interface_goes_down, interface_is_deleted, keepalive, user_timeout,
        filter_sees, filter_drops, conntrack_remembers, conntrack_forgets,
        conntrack_forgets_idle)
