# SPDX-License-Identifier: GPL-2.0-only
"""RDMA between network namespaces, which stand for hosts; each case is a test."""
import contextlib
import errno
import json
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "topology"))

import hosts            # noqa: E402
import spaces           # noqa: E402
from hosts import BUILD, MEGA, RDMA, TCP, Wrong   # noqa: E402
from rdma_cases import (ATTACH, HEADER, HELLO, MAGIC, REFUSED,  # noqa: E402
                        VERSION, message)

ONE, OTHER = "10.9.0.1", "10.9.0.2"
ATTACHED = 3
SYN, ACK = 0x02, 0x10
TURNS = 100
LINKS_OWNER = 64        # of one user's namespaces: kmod/rdma/net.c


def sysctl(name):
    return pathlib.Path("/proc/sys/net/sdirect", name)


def within(net, name):
    return net.inside(name) if name else contextlib.nullcontext()


def turn(net, name, on):
    net.sysctl(name, "sdirect/rdma", int(on))


def tool(net, name, *words):
    """What sdirect(8) tells of one namespace."""
    return json.loads(net.exec(name, str(BUILD / "sdirect"), "rdma", *words,
                               "--json"))


def links(net, name):
    return {(row["local"], row["remote"], row["active"]): row
            for row in tool(net, name, "list")}


@contextlib.contextmanager
def two(*on, names="ab", rxe=False):
    """Two namespaces with a wire, turned on as told; the first sees them end.

    Each has a veth the other end of which is in the first: it goes with it.
    """
    net = spaces.Net()
    try:
        net.spaces(*names)
        net.cable(*names, (f"{ONE}/24", "fd00:9::1/64"),
                  (f"{OTHER}/24", "fd00:9::2/64"))
        net.flush()
        for name in names:
            spaces.command(["ip", "link", "add", f"end-{name}", "type", "veth",
                            "peer", "name", "out", "netns",
                            spaces.PREFIX + name])
            net.sysctl(name, "sdirect/rdma_soft", 1)
            turn(net, name, name in on)
            if rxe:
                net.exec(name, "rdma", "link", "add", f"rxe-{name}", "type",
                         "rxe", "netdev", names.replace(name, ""))
        yield net
    finally:
        net.close()
        for name in names:
            hosts.until(f"{name} gone", lambda: not there(name))


def there(name):
    return os.path.exists(f"/sys/class/net/end-{name}")


@contextlib.contextmanager
def connected(net, own=ONE, other=OTHER):
    """The client's end in a and the server's in b, on TCP."""
    family = socket.AF_INET6 if ":" in own else socket.AF_INET
    with net.inside("b"):
        listener = hosts.Inet(family)
    with net.inside("a"):
        client = hosts.Inet(family)
    with listener, client:
        listener.bind((other, 0))
        listener.listen()
        client.bind((own, 0))
        client.connect(listener.getsockname()[:2])
        server, _ = listener.accept()
        with server:
            server.settimeout(hosts.LIMIT)
            yield client, server


def listens(net, name=None):
    """In a namespace, or in the first."""
    with within(net, name), socket.socket() as sock:
        sock.settimeout(hosts.LIMIT)
        code = sock.connect_ex(("127.0.0.1", hosts.PORT))
    if code not in (0, errno.ECONNREFUSED):
        raise Wrong(os.strerror(code))
    return not code


def talked(net, name, way, ends):
    """Until that link talks of a connection; by what it goes is another matter."""
    def seen():
        hosts.echo(*ends, os.urandom(64))
        row = links(net, name).get(way)
        return row and row["talking"] and row["connections"]
    hosts.until(f"{way} in {name}", seen)


def stays_on_tcp(ends):
    for _ in range(100):
        hosts.echo(*ends, b"x" * 100)
    if hosts.carriers(ends[0]) != (TCP, TCP):
        raise Wrong("it has left TCP")


# --- on any kernel ---

def off_until_turned_on():
    if sysctl("rdma").read_text().strip() != "1":
        raise Wrong("off in the first namespace")
    with two() as net:
        with net.inside("a"):
            if sysctl("rdma").read_text().strip() != "0":
                raise Wrong("on by itself")
            for name in "rdma_spin_us", "rdma_poll":
                if sysctl(name).exists():
                    raise Wrong(f"{name} is the host's")
        if listens(net, "a"):
            raise Wrong("somebody listens where it is off")
        for _ in range(3):
            turn(net, "a", True)
            turn(net, "a", True)
            if not listens(net, "a") or listens(net, "b"):
                raise Wrong("on where it is off, or the other way round")
            turn(net, "a", False)
            if listens(net, "a"):
                raise Wrong("somebody listens still")
        with net.inside("b"), socket.socket() as sock:
            sock.bind(("0.0.0.0", hosts.PORT))
            sock.listen()
            try:
                turn(net, "b", True)
                raise Wrong("on, and nobody can hear")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        turn(net, "b", True)


def links_are_its_own():
    with two("a", "b") as net, connected(net) as ends:
        talked(net, "a", (ONE, OTHER, True), ends)
        if (OTHER, ONE, False) not in links(net, "b"):
            raise Wrong(f"not in b: {links(net, 'b')}")
        if hosts.links():
            raise Wrong(f"in the first: {hosts.links()}")
        hosts.both_ways(*ends, 300000)


def both_have_to_be_on():
    with two("a") as net, connected(net) as ends:
        stays_on_tcp(ends)
        row = links(net, "a").get((ONE, OTHER, True))
        if row and row["talking"] or links(net, "b"):
            raise Wrong(f"a talks to b: {row}")
        turn(net, "b", True)
        talked(net, "a", (ONE, OTHER, True), ends)


def lists_are_its_own():
    with two("a", "b") as net:
        net.exec("a", str(BUILD / "sdirect"), "rdma", "pair", OTHER, ONE,
                 "10.9.0.7")
        if tool(net, "a", "pair") != [
                {"host": OTHER, "local": ONE, "remote": "10.9.0.7"}]:
            raise Wrong(f"not so: {tool(net, 'a', 'pair')}")
        first = hosts.run(BUILD / "sdirect", "rdma", "pair", "--json").stdout
        if tool(net, "b", "pair") or json.loads(first):
            raise Wrong("in another namespace, too")
        net.sysctl("b", "sdirect/rdma_allow", "10.9.0.3")
        for name in "a", None:
            with within(net, name):
                if sysctl("rdma_allow").read_text().strip():
                    raise Wrong(f"the list of b in {name}")
        with connected(net) as ends:
            stays_on_tcp(ends)
            if links(net, "b"):
                raise Wrong("b answers whom it does not allow")


def turned_off_with_connections():
    """They go on by TCP, and the link ends with the last of them."""
    with two("a", "b") as net:
        with connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)
            turn(net, "a", False)
            hosts.both_ways(*ends, 300000)
        hosts.until("hung up", lambda: not any(
            row["talking"] for row in links(net, "a").values()))
        with connected(net) as ends:
            stays_on_tcp(ends)
        turn(net, "a", True)
        with connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)


def isns(packet):
    """Of a segment over Ethernet and IPv4: flags, both ports, its number."""
    if packet[12:14] != b"\x08\x00" or packet[23] != socket.IPPROTO_TCP:
        return 0, 0, 0, 0
    at = 14 + 4 * (packet[14] & 15)
    sport, dport, seq = struct.unpack_from(">HHI", packet, at)
    return packet[at + 13] & (SYN | ACK), sport, dport, seq


def key_of(watch, client):
    """Both initial numbers of a connection, off the wire."""
    port, found = client.getsockname()[1], {}
    while len(found) < 2:
        flags, sport, dport, seq = isns(watch.recv(65536))
        if flags & SYN and port in (sport, dport):
            found[sport == port] = seq
    return found[True], found[False]


def attach(net, name, key, ports):
    """What another host is told that names a connection there."""
    with net.inside(name):
        sock = socket.socket()
    with sock:
        sock.settimeout(hosts.LIMIT)
        sock.bind((ONE, 0))
        sock.connect((OTHER, hosts.PORT))
        sock.sendall(message(HELLO, gen=VERSION, arg=MAGIC, pos=5))
        hosts.receive(sock, HEADER.size)
        sock.sendall(message(ATTACH, sender=9, mine=key[0], theirs=key[1],
                             sport=ports[0], dport=ports[1]))
        return HEADER.unpack(hosts.receive(sock, HEADER.size))[0]


def nobody_names_what_is_elsewhere():
    """With the same addresses, and both numbers, but in other namespaces."""
    with two("b") as net, two("d", names="cd") as elsewhere:
        with net.inside("a"):
            watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(3))
        with watch, connected(net) as (client, server):
            watch.settimeout(hosts.LIMIT)
            key = key_of(watch, client)
            ports = client.getsockname()[1], server.getsockname()[1]
            for number in key, key[::-1]:
                kind = attach(elsewhere, "c", number, ports)
                if kind != REFUSED:
                    raise Wrong(f"an answer of type {kind} elsewhere")
            # There it is the one that is meant, so it is the place that counts.
            kind = attach(net, "a", key, ports)
            if kind != ATTACHED:
                raise Wrong(f"an answer of type {kind} here")
            hosts.both_ways(client, server, 100000)


def holder(net, name, *words):
    """A process of the namespace that does one of what is said below."""
    with net.inside(name):
        return subprocess.Popen(
            [sys.executable, "-B", HERE, *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def goes_with_its_last_process():
    """Links do not hold a namespace; and sockets do, as they do with TCP."""
    with two("a", "b") as net:
        with holder(net, "b", "serve") as server:
            port = int(server.stdout.readline())
            with holder(net, "a", "talk", port) as client:
                client.stdout.readline()
                hosts.until("talking", lambda: any(
                    row["talking"] for row in links(net, "a").values()))
                remove(net, "a")
                client.stdin.write("go on\n")
                client.stdin.flush()
                client.stdout.readline()
                if not there("a"):
                    raise Wrong("gone from under a socket")
                client.kill()
            hosts.until("a gone", lambda: not there("a"))
            remove(net, "b")
            server.kill()
        hosts.until("b gone", lambda: not there("b"))


def remove(net, name):
    """ip netns del, and this process does not hold it either."""
    os.close(net.files.pop(name))
    spaces.command(["ip", "netns", "del", spaces.PREFIX + name])


def removed_as_it_is_made():
    """While others call it, and it calls; turned on and off, or not."""
    for number in range(5):
        with two("a", "b") as net:
            with connected(net) as ends:
                if number:
                    talked(net, "a", (ONE, OTHER, True), ends)
                if number % 2:
                    turn(net, "b", False)
                hosts.echo(*ends, b"x")


def as_user(word):
    """What a function below prints as root of a user namespace of nobody's."""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net",
         sys.executable, "-B", HERE, word],
        text=True, capture_output=True, timeout=2 * hosts.LIMIT, check=False,
        preexec_fn=lambda: os.setresuid(65534, 65534, 65534))
    if done.returncode:
        raise Wrong(f"{done.stdout}{done.stderr}")
    return done.stdout.strip()


def turned_off_while_strangers_call():
    """Those that are still to be accepted have the listener's callbacks."""
    said = as_user("turns")
    if said != str(TURNS):
        raise Wrong(said)


def users_have_their_share():
    """Root of a user namespace turns it on, and has no more links than others."""
    with two("a", "b") as net:
        said = as_user("flood")
        if said != str(LINKS_OWNER):
            raise Wrong(said)
        with connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)


def unload_with_namespaces():
    """It goes although it is on in some, and comes back off."""
    module = pathlib.Path(os.environ["SDIRECT_MODULE"]).with_name(
        "sdirect_rdma.ko")
    with two("a", "b") as net:
        with connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)
        hosts.until("idle", lambda: not hosts.run(
            "rmmod", "sdirect_rdma", status=None).returncode)
        if listens(net, "a"):
            raise Wrong("somebody listens without the module")
        hosts.run("insmod", module)
        if listens(net, "a") or not listens(net):
            raise Wrong("not as it is when it is loaded")
        turn(net, "a", True)
        turn(net, "b", True)
        with connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)


# --- where soft RoCE is one of each namespace ---

def streams_by_rdma():
    with two("a", "b", rxe=True) as net:
        for way in (ONE, OTHER), ("fd00:9::1", "fd00:9::2"):
            with connected(net, *way) as ends:
                hosts.on(*ends, RDMA)
                hosts.both_ways(*ends, 3 * MEGA)
                if hosts.carriers(ends[0]) != (RDMA, RDMA):
                    raise Wrong("it has left RDMA")
                for name, row in (("a", (*way, True)),
                                  ("b", (*way[::-1], False))):
                    row = links(net, name).get(row)
                    if not row or row["device"] != f"rxe-{name}" or \
                            row["write_bytes"] < MEGA:
                        raise Wrong(f"not so in {name}: {links(net, name)}")


def device_of_another_is_not_used():
    """In exclusive mode, where soft RoCE is the first's wherever it is made."""
    hosts.run("rdma", "system", "set", "netns", "exclusive")
    try:
        with two("a", "b", rxe=True) as net, connected(net) as ends:
            talked(net, "a", (ONE, OTHER, True), ends)
            stays_on_tcp(ends)
    finally:
        hosts.run("rdma", "system", "set", "netns", "shared")


def turned_off_in_mid_stream():
    with two("a", "b", rxe=True) as net, connected(net) as ends:
        for name in "ab":
            hosts.on(*ends, RDMA)
            hosts.both_ways(*ends, 3 * MEGA, lambda: turn(net, name, False))
            hosts.on(*ends, TCP)
            turn(net, name, True)
        hosts.on(*ends, RDMA)


def idle_again():
    """With its last socket goes what RDMA CM holds, and with the next it comes."""
    with two("a", "b", rxe=True) as net:
        for _ in range(2):
            with connected(net) as ends:
                hosts.on(*ends, RDMA)
                hosts.both_ways(*ends, 100000)
            hosts.until("idle", lambda: all(
                row["state"] == "idle" for row in links(net, "b").values()))


def removed_in_mid_stream():
    """Who is left gets what TCP would give, behind bytes that are right."""
    with two("a", "b", rxe=True) as net:
        with net.inside("b"):
            listener = hosts.Inet()
        listener.bind((OTHER, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with listener, holder(net, "a", "pour", port) as client:
            server, _ = listener.accept()
            with server:
                server.settimeout(hosts.LIMIT)
                got = 0
                while got < 2 * MEGA or hosts.carriers(server)[1] != RDMA:
                    got += poured(server, got)
                remove(net, "a")
                client.send_signal(signal.SIGKILL)
                try:
                    while more := poured(server, got):
                        got += more
                except ConnectionResetError:
                    pass
        hosts.until("a gone", lambda: not there("a"))
        with contextlib.suppress(OSError):
            remove(net, "b")
        hosts.until("b gone", lambda: not there("b"))


def poured(sock, at):
    """How many bytes there are, which are those that belong there."""
    data = sock.recv(65536)
    if data != pattern(at, len(data)):
        raise Wrong(f"other bytes behind {at}")
    return len(data)


BLOCK = bytes(range(251)) * 600


def pattern(at, length):
    at %= 251
    return BLOCK[at:at + length]


CASES = (
    off_until_turned_on, links_are_its_own, both_have_to_be_on,
    lists_are_its_own, turned_off_with_connections,
    nobody_names_what_is_elsewhere, goes_with_its_last_process,
    removed_as_it_is_made, users_have_their_share,
    turned_off_while_strangers_call, unload_with_namespaces,
)
RXE_CASES = (
    streams_by_rdma, device_of_another_is_not_used,
    turned_off_in_mid_stream, idle_again, removed_in_mid_stream,
)
NAMES = tuple(case.__name__ for case in CASES)
RXE_NAMES = tuple(case.__name__ for case in RXE_CASES)


# --- what processes of a namespace do ---

def serve():
    with hosts.Inet() as listener:
        listener.bind((OTHER, 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        server, _ = listener.accept()
        with server:
            while data := server.recv(100):
                server.sendall(data)


def talk(port):
    """Until a line comes; then once more, and it waits to be killed."""
    with hosts.Inet() as client:
        client.connect((OTHER, int(port)))
        print("connected", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            client.sendall(b"x" * 100)
            hosts.receive(client, 100)
        client.sendall(b"y" * 100)
        hosts.receive(client, 100)
        print("still here", flush=True)
        signal.pause()


def pour(port):
    with hosts.Inet() as client:
        client.connect((OTHER, int(port)))
        at = 0
        while True:
            at += client.send(pattern(at, 50000))


def flood():
    """How many links strangers have, each from an address of its own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sysctl("rdma").write_text("1")
    socks = []
    while True:
        sock = socket.create_connection(
            ("127.0.0.1", hosts.PORT), hosts.LIMIT,
            (f"127.0.1.{len(socks) + 1}", 0))
        sock.sendall(message(HELLO, gen=VERSION, arg=MAGIC, pos=5))
        try:
            hosts.receive(sock, HEADER.size)
        except (Wrong, ConnectionResetError):
            break
        socks.append(sock)
    print(len(socks))


def hellos(socks):
    for sock in socks:
        with contextlib.suppress(OSError):
            sock.sendall(message(HELLO, gen=VERSION, arg=MAGIC, pos=5))


def turns():
    """Off in the middle of calls, and on again; how often."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for _ in range(TURNS):
        sysctl("rdma").write_text("1")
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(
                socket.create_connection(("127.0.0.1", hosts.PORT), hosts.LIMIT))
                for _ in range(6)]
            saying = threading.Thread(target=hellos, args=(socks,))
            saying.start()
            sysctl("rdma").write_text("0")
            saying.join()
    print(TURNS)


if __name__ == "__main__":
    {"serve": serve, "talk": talk, "pour": pour, "flood": flood,
     "turns": turns}[sys.argv[1]](*sys.argv[2:])
