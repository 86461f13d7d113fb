# SPDX-License-Identifier: GPL-2.0-only
"""Attempts to be taken for the peer of a connection; each is a row."""
import contextlib
import ctypes
import errno
import os
import socket

import spaces
import wire
from sockets import (LIMIT, Failed, accept, client, direct, expect, info,
                     is_direct, libc, listener, plain, reason, say, take,
                     until)

TCP_REPAIR = 19
TCP_REPAIR_QUEUE = 20
TCP_QUEUE_SEQ = 21
NEAR = 1 << 24          # ticks of the public clock: one second
SERVER, CLIENT = "10.1.0.2", "10.1.0.1"
PORT = 4000
AF_UNSPEC_NAME = bytes(16)
USER = 1000


def distance(one, other):
    """Of two sequence numbers."""
    return min((one - other) & 0xffffffff, (other - one) & 0xffffffff)


@contextlib.contextmanager
def sniffed(net, *spaces):
    """The loopbacks of these, to be listened to."""
    with contextlib.ExitStack() as stack:
        found = []
        for space in spaces:
            with net.inside(space):
                found.append(wire.Device("lo", 3))  # ETH_P_ALL
            stack.callback(found[-1].close)
        yield found


def handshake(device):
    """The two initial sequence numbers of the next connection there."""
    while segment := device.read(10):
        if segment.flags & (wire.SYN | wire.ACK) == wire.SYN | wire.ACK:
            return segment.ack - 1 & 0xffffffff, segment.seq
    raise Failed("no handshake was seen")


def twin_homes(net):
    """Two namespaces that own the same address."""
    net.spaces("victim", "attacker")
    for space in ("victim", "attacker"):
        net.ip(space, f"addr add {CLIENT}/32 dev lo")
    net.flush()


def both_homes(net, stack, make, waiting, port):
    """The same connection in both, one right behind the other."""
    ends = []
    for space in ("victim", "attacker"):
        with net.inside(space):
            one = stack.enter_context(client(make, (CLIENT, PORT),
                                             (CLIENT, port)))
        ends.append((one, stack.enter_context(accept(waiting[space]))))
    return ends


def clock(net):
    """Same addresses, same ports, same moment, in a namespace of one's own.

    The kernel's numbers are then almost the same; the client's half of a key is
    not the kernel's.
    """
    twin_homes(net)
    near = {plain: [0, 0], direct: [0, 0]}
    count = 24
    with sniffed(net, "victim", "attacker") as (victim, attacker):
        # Ports of their own: none is in TIME_WAIT.
        for make, first in ((plain, 5000), (direct, 6000)):
            with contextlib.ExitStack() as stack:
                waiting = {}
                for space in ("victim", "attacker"):
                    with net.inside(space):
                        waiting[space] = stack.enter_context(
                            listener(make, (CLIENT, PORT)))
                for number in range(count):
                    ends = both_homes(net, stack, make, waiting,
                                      first + number)
                    keys = handshake(victim), handshake(attacker)
                    for half in (0, 1):
                        near[make][half] += distance(
                            keys[0][half], keys[1][half]) < NEAR
                    for seed, pair in enumerate(ends):
                        say(*pair, seed=seed, rounds=20)
                        if make is direct:
                            expect("own pair", [reason(end) for end in pair],
                                   ["none", "none"])
    judge_halves(near, count)


def judge_halves(near, count):
    """Of so many connections, how many halves were close to each other."""
    print(f"of {count} keys, client's and server's half within a second: "
          f"TCP {near[plain]}, AF_SDIRECT {near[direct]}", flush=True)
    expect("TCP, the threat", near[plain], [count, count])
    expect("the server's half, public", near[direct][1], count)
    if near[direct][0] > 6:
        raise Failed(f"the client's half can be aimed at: {near[direct]}")


class Attacker:
    """Root of a user namespace; the network namespace in it has our address."""

    def __init__(self, net):
        users = net.users()
        self.line, other = socket.socketpair()
        self.line.settimeout(LIMIT)
        self.pid = os.fork()
        if not self.pid:
            try:
                self.line.close()
                self._live(users, other)
            finally:
                os._exit(0)
        other.close()
        take(self.line, 1)
        net.files["attacker"] = os.open(f"/proc/{self.pid}/ns/net",
                                        os.O_RDONLY)

    def _live(self, users, line):
        """In the child: does as the victim does, at the same moment."""
        spaces.enter(users, spaces.CLONE_NEWUSER)
        expect("unshare", libc.unshare(spaces.CLONE_NEWNET), 0)
        spaces.command(["ip", "-batch", "-"], "link set dev lo up\n"
                       f"addr add {CLIENT}/32 dev lo\n")
        line.sendall(b".")
        makes = {b"p": plain, b"d": direct}
        waiting = {}
        while what := line.recv(5):
            make, port = makes[what[:1]], int(what[1:])
            if make not in waiting:
                for each in waiting.values():
                    each.close()
                waiting = {make: listener(make, (CLIENT, PORT))}
            with client(make, (CLIENT, PORT), (CLIENT, port)) as one, \
                    accept(waiting[make]) as two:
                line.sendall(b".")
                take(line, 1)
                say(one, two, seed=port, rounds=20)
                own = [reason(end) for end in (one, two)]
                line.sendall(b"o" if own == ["none"] * 2 else b"-")

    def close(self):
        self.line.close()
        os.waitpid(self.pid, 0)


def clock_in_user_namespace(net):
    """The same by somebody who is root only where he has made himself that."""
    net.spaces("victim")
    net.ip("victim", f"addr add {CLIENT}/32 dev lo")
    net.flush()
    near = {plain: [0, 0], direct: [0, 0]}
    count = 24
    with contextlib.ExitStack() as stack:
        attacker = Attacker(net)
        stack.callback(attacker.close)
        devices = stack.enter_context(sniffed(net, "victim", "attacker"))
        for make, word, first in ((plain, b"p", 5000), (direct, b"d", 6000)):
            with net.inside("victim"), \
                    listener(make, (CLIENT, PORT)) as waiting:
                for port in range(first, first + count):
                    attacker.line.sendall(b"%s%d" % (word, port))
                    with client(make, (CLIENT, PORT), (CLIENT, port)) as one, \
                            accept(waiting) as two:
                        take(attacker.line, 1)
                        keys = [handshake(device) for device in devices]
                        for half in (0, 1):
                            near[make][half] += distance(
                                keys[0][half], keys[1][half]) < NEAR
                        attacker.line.sendall(b".")
                        say(one, two, seed=port + 1000, rounds=20)
                        own = take(attacker.line, 1) == b"o"
                        if make is direct:
                            expect("own pair", [reason(one), reason(two), own],
                                   ["none", "none", True])
    judge_halves(near, count)


def no_peer_to_steal(net):
    """The victim's peer is plain TCP: its place in the table is free."""
    twin_homes(net)
    with contextlib.ExitStack() as stack:
        waiting = {}
        for space, make in (("victim", plain), ("attacker", direct)):
            with net.inside(space):
                waiting[space] = stack.enter_context(
                    listener(make, (CLIENT, PORT)))
        victims, others = [], []
        for number in range(16):
            pair, other = both_homes(net, stack, direct, waiting,
                                     5000 + number)
            # The attacker's client is plain: only its server is in the table.
            other[0].close()
            victims.append(pair)
            others.append(other)
        for seed, pair in enumerate(victims):
            say(*pair, rounds=20, seed=seed)
            expect("victim", reason(pair[0]), "no_peer")


@contextlib.contextmanager
def as_user(user):
    """For a while."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


class Wires:
    """Namespaces with an address each, and one on the wires between them."""

    def __init__(self, net, stack, *homes):
        """homes: (name, address, address of the other end)"""
        self.net = net
        net.spaces("wire", *[name for name, *_ in homes])
        for name, own, other in homes:
            net.cable(name, "wire", [f"{own}/32"], [])
            net.ip(name, f"link set dev wire address {wire.HOME.hex(':')}",
                   f"route add {other} dev wire",
                   f"neigh add {other} lladdr {wire.AWAY.hex(':')} dev wire")
        net.flush()
        self.devices = {}
        with net.inside("wire"):
            for name, *_ in homes:
                self.devices[name] = wire.Device(name)
                stack.callback(self.devices[name].close)

    def begin(self, name, to, user=0):
        """A connection that nobody answers yet, and its SYN."""
        with self.net.inside(name):
            sock = direct()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        with as_user(user):
            expect("connect", sock.connect_ex((to, PORT)), errno.EINPROGRESS)
        syn = self.devices[name].read(10)
        if not syn or not syn.flags & wire.SYN:
            raise Failed(f"{name}: no SYN: {syn}")
        return sock, syn

    def finish(self, name, sock, segment):
        """Answers it; then it is connected."""
        self.devices[name].write(segment)
        sock.settimeout(20)
        ack = self.devices[name].read(10)
        if not ack or ack.flags & (wire.SYN | wire.ACK) != wire.ACK:
            raise Failed(f"{name}: no ACK: {ack}")
        sock.connect((segment.source, PORT))    # has happened: looks for a peer
        return ack


def chosen_numbers(net):
    """A peer made by hand knows the victim's numbers and chooses its own.

    To be its peer one needs a socket whose own number is the one that the
    victim has heard; and a socket's own number is not chosen by its owner.
    """
    with contextlib.ExitStack() as stack:
        wires = Wires(net, stack, ("victim", CLIENT, SERVER),
                      ("attacker", CLIENT, SERVER))
        victim, syn = wires.begin("victim", SERVER)
        stack.callback(victim.close)
        heard = 0x12345678
        wires.finish("victim", victim, wire.answer(syn, heard))
        expect("victim", reason(victim), "waiting")
        for _ in range(16):
            mine, other = wires.begin("attacker", SERVER)
            stack.callback(mine.close)
            # Here the attacker's socket hears the victim's number.
            wires.finish("attacker", mine, wire.answer(other, syn.seq))
            expect("attacker", reason(mine), "waiting")
        expect("victim in the end", reason(victim), "waiting")


def passing(device, /, **changed):
    """What a relay does with what goes there: other addresses, same numbers."""
    return lambda segment: [(device, segment._replace(**changed))]


def spliced(net, stack, user=0, options=None):
    """Two connects that hear each other's numbers: who relays is a router.

    options: of the SYN-ACKs; None: those of the other's SYN
    """
    wires = Wires(net, stack, ("one", CLIENT, SERVER), ("two", "10.2.0.1",
                                                        "10.2.0.2"))
    one, syn_one = wires.begin("one", SERVER)
    stack.callback(one.close)
    two, syn_two = wires.begin("two", "10.2.0.2", user)
    stack.callback(two.close)
    # The timestamp that is echoed is the asker's own.
    for name, sock, asked, other in (("one", one, syn_one, syn_two),
                                     ("two", two, syn_two, syn_one)):
        tell = options
        if tell is None:
            tell = wire.MSS_OPTION + b"\x01\x01\x08\x0a" + \
                wire.stamp(other).to_bytes(4, "big") + \
                wire.stamp(asked).to_bytes(4, "big")
        wires.finish(name, sock, wire.answer(asked, other.seq, tell))
    relay = wire.Relay({
        wires.devices["one"]: passing(
            wires.devices["two"], source="10.2.0.2", sport=PORT,
            to="10.2.0.1", dport=syn_two.sport),
        wires.devices["two"]: passing(
            wires.devices["one"], source=SERVER, sport=PORT, to=CLIENT,
            dport=syn_one.sport)})
    stack.callback(relay.stop)
    return one, two


def relayed_numbers(net):
    """They are the ends of one connection, by way of whoever relays."""
    with contextlib.ExitStack() as stack:
        one, two = spliced(net, stack)
        expect("paired", reason(two), "cold")

        def settled():
            say(one, two)
            return is_direct(one) and is_direct(two)

        # NAT is between them: each direction waits for a quiet moment.
        until("both on rings", settled)


def relayed_to_another_user(net):
    with contextlib.ExitStack() as stack:
        one, two = spliced(net, stack, user=USER)
        expect("one", reason(one), "policy")
        expect("two", reason(two), "policy")
        say(one, two, rounds=20)


def relayed_without_clocks(net):
    """Who makes the packets himself does not have the other's clock."""
    bogus = wire.MSS_OPTION + b"\x01\x01\x08\x0a" + b"\x7f\0\0\1" + bytes(4)
    with contextlib.ExitStack() as stack:
        one, two = spliced(net, stack, options=bogus)
        expect("one", reason(one), "key")
        expect("two", reason(two), "key")


def cookie_twins(net):
    """Two servers with the same address, asked alike: the same SYN cookie."""
    with contextlib.ExitStack() as stack:
        homes = (("victim", CLIENT, SERVER), ("one", SERVER, CLIENT),
                 ("two", SERVER, CLIENT))
        wires = Wires(net, stack, *homes)
        waiting = {}
        for name in ("one", "two"):
            net.sysctl(name, "ipv4/tcp_syncookies", 2)
            with net.inside(name):
                waiting[name] = stack.enter_context(
                    listener(direct, (SERVER, PORT)))
        for attempt in range(5):
            sock, syn = wires.begin("victim", SERVER)
            stack.callback(sock.close)
            answers = []
            for name in ("one", "two"):
                wires.devices[name].write(syn)
                answers.append(wires.devices[name].read(10))
            # The cookie has a counter that moves once a minute.
            if answers[0].seq == answers[1].seq:
                break
        expect("cookies are equal", answers[0].seq, answers[1].seq)
        # Connected, but it has not looked for its peer yet.
        wires.devices["victim"].write(answers[0])
        ack = wires.devices["victim"].read(10)
        servers = []
        for name in ("one", "two"):
            wires.devices[name].write(ack)
            servers.append(stack.enter_context(accept(waiting[name])))
        expect("candidates", [reason(each) for each in servers],
               ["key", "key"])
        sock.settimeout(20)
        sock.connect((SERVER, PORT))
        expect("victim", reason(sock), "waiting")


def key_after_close(net):
    """The key of a connection whose server has closed is used once more."""
    with contextlib.ExitStack() as stack:
        wires = Wires(net, stack, ("victim", CLIENT, SERVER),
                      ("one", SERVER, CLIENT), ("two", SERVER, CLIENT))
        waiting = {}
        for name in ("one", "two"):
            net.sysctl(name, "ipv4/tcp_syncookies", 2)
            with net.inside(name):
                waiting[name] = stack.enter_context(
                    listener(direct, (SERVER, PORT)))
        sock, syn = wires.begin("victim", SERVER)
        stack.callback(sock.close)
        wires.devices["one"].write(syn)
        ack = wires.finish("victim", sock, wires.devices["one"].read(10))
        wires.devices["one"].write(ack)
        server = accept(waiting["one"])
        expect("paired", reason(server), "cold")
        server.close()
        wires.devices["two"].write(syn)
        again = wires.devices["two"].read(10)
        wires.devices["two"].write(ack)
        second = stack.enter_context(accept(waiting["two"]))
        expect("same number", again.seq + 1 & 0xffffffff, ack.ack)
        expect("who comes later", reason(second), "waiting")
        second.send(b"x" * 100)
        expect("victim", is_direct(sock), False)


def home(net):
    """One namespace, with its loopback."""
    net.spaces("home")
    net.flush()


def time_wait(net):
    """A port in TIME_WAIT is used again: the number is TCP's, so no secret."""
    home(net)
    net.sysctl("home", "ipv4/tcp_tw_reuse", 1)
    source = ("127.0.0.1", 5000)
    with contextlib.ExitStack() as stack, net.inside("home"):
        waiting = stack.enter_context(listener(direct, ("127.0.0.1", 0)))
        to = waiting.getsockname()
        first = client(direct, to, source)
        server = accept(waiting)
        say(first, server)
        expect("first", is_direct(first), True)
        first.close()           # TIME_WAIT is where it was closed first
        expect("end", server.recv(1), b"")
        server.close()

        def again():
            """TCP takes the port when the clock has moved on."""
            try:
                return client(direct, to, source)
            except OSError as error:
                expect("connect", error.errno, errno.EADDRNOTAVAIL,
                       errno.EADDRINUSE)
                return None

        second = stack.enter_context(until("TIME_WAIT is reused", again))
        server = stack.enter_context(accept(waiting))
        say(second, server, seed=2)
        expect("second", reason(second), "key")
        expect("its server", reason(server), "no_peer")


def disconnected(net):
    """A socket that has left one peer and connects to another."""
    home(net)
    with contextlib.ExitStack() as stack, net.inside("home"):
        waiting = [stack.enter_context(listener(direct, ("127.0.0.1", 0)))
                   for _ in range(2)]
        sock = stack.enter_context(client(direct, waiting[0].getsockname()))
        first = stack.enter_context(accept(waiting[0]))
        say(sock, first, seed=1)
        expect("first", is_direct(sock), True)
        expect("disconnect", libc.connect(sock.fileno(), ctypes.c_char_p(
            AF_UNSPEC_NAME), 16), 0)
        sock.connect(waiting[1].getsockname())
        second = stack.enter_context(accept(waiting[1]))
        say(sock, second, seed=2)
        expect("again", info(sock).tx, "tcp")
        try:
            expect("the first hears", first.recv(1), b"")
        except ConnectionResetError:
            pass


def simultaneous(net):
    """Both ends connect; their SYNs cross."""
    net.spaces("one", "two")
    net.cable("one", "two", [f"{CLIENT}/24"], [f"{SERVER}/24"])
    net.flush()
    for space in ("one", "two"):
        net.nft(space, "table ip a { chain o { type filter hook output "
                "priority 0; tcp flags syn drop } }")
    with contextlib.ExitStack() as stack:
        ends = []
        for space, own, to in (("one", CLIENT, SERVER),
                               ("two", SERVER, CLIENT)):
            with net.inside(space):
                sock = stack.enter_context(direct())
            sock.bind((own, PORT))
            sock.setblocking(False)
            code = sock.connect_ex((to, PORT))
            # A SYN that is dropped at once is sent again.
            expect("connect", code, errno.EINPROGRESS)
            ends.append((sock, (to, PORT)))
        for space in ("one", "two"):
            net.nft(space, "flush ruleset")
        for sock, to in ends:
            sock.settimeout(30)
            until("connected", lambda sock=sock, to=to:
                  sock.connect_ex(to) in (0, errno.EISCONN))
        one, two = ends[0][0], ends[1][0]
        say(one, two)
        expect("both connected", [is_direct(one), is_direct(two)],
               [True, True])


def oneself(net):
    """Connected to itself: both halves are the same."""
    home(net)
    with net.inside("home"), direct() as sock:
        sock.bind(("127.0.0.1", PORT))
        sock.connect(("127.0.0.1", PORT))
        for number in range(30):
            sock.sendall(b"%99d\n" % number)
            expect("echo", sock.recv(200), b"%99d\n" % number)
        expect("oneself", reason(sock), "key")


def repair(net):
    """TCP_REPAIR lets its user choose any number; here it is refused."""
    home(net)
    with contextlib.ExitStack() as stack, net.inside("home"):
        waiting = stack.enter_context(listener(direct, ("127.0.0.1", 0)))
        fresh = stack.enter_context(direct())
        one = stack.enter_context(client(direct, waiting.getsockname()))
        two = stack.enter_context(accept(waiting))
        for sock in (waiting, fresh, one, two):
            for option in (TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ):
                try:
                    sock.setsockopt(socket.IPPROTO_TCP, option, 1)
                except OSError as error:
                    # What needs the first to have been taken says EINVAL.
                    wanted = (errno.EPERM,) if option == TCP_REPAIR else \
                        (errno.EPERM, errno.EINVAL)
                    expect(f"option {option}", error.errno, *wanted)
                    continue
                raise Failed(f"option {option} was taken")
        say(one, two)
        expect("direct", is_direct(one), True)


ROWS = (clock, clock_in_user_namespace, no_peer_to_steal, chosen_numbers, relayed_numbers,
        relayed_to_another_user, relayed_without_clocks, cookie_twins,
        key_after_close, time_wait, disconnected, simultaneous, oneself,
        repair)
