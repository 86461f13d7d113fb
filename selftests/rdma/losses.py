# SPDX-License-Identifier: GPL-2.0-only
"""What goes, between two hosts, while bytes are under way."""
import contextlib
import json
import os
import pathlib
import random
import socket
import time

import hosts
from hosts import MEGA, RDMA, TCP, Wrong, links

WIRE = pathlib.Path(__file__).with_name("wire.sh")
TYPE = os.environ.get("SDIRECT_RDMA", "rxe")    # as in wire.sh
DEVICES = ("rxea", "va"), ("rxeb", "vb")
QPS = pathlib.Path("/proc/sys/net/sdirect/rdma_qps")
ROUNDS = int(os.environ.get("SDIRECT_ROUNDS", "5"))  # of removing the device


def loss_and_disorder():
    hosts.run("tc", "qdisc", "add", "dev", "va", "root", "netem", "loss",
              "2%", "duplicate", "1%", "delay", "1ms", "reorder", "5%")
    try:
        with hosts.direct() as (client, server):
            hosts.both_ways(client, server, 300000)
    finally:
        hosts.run("tc", "qdisc", "del", "dev", "va", "root")


def removed(device):
    hosts.run("rdma", "link", "delete", device)


def added(device, netdev):
    hosts.run("rdma", "link", "add", device, "type", TYPE, "netdev", netdev)


def cut(netdev):
    """For a moment: TCP needs the wire, too."""
    hosts.run("ip", "link", "set", netdev, "down")
    hosts.run("ip", "link", "set", netdev, "up")
    hosts.run(WIRE, "routes")


def renewed():
    """Soft RoCE answers nobody any more once it had no route for an answer."""
    for each in DEVICES:
        removed(each[0])
        added(*each)


def in_mid_stream(choose, client, server, change):
    """At a random moment of streams in both directions."""
    def meanwhile():
        time.sleep(choose.random() / 2)     # any moment will do
        change()
    hosts.both_ways(client, server, 2 * MEGA, meanwhile)


def device_is_removed():
    """Or its port goes down; then it comes back."""
    seed = int(os.environ.get("SDIRECT_SEED", "1"))
    choose = random.Random(seed)
    for number in range(1, ROUNDS + 1):
        device, netdev = choose.choice(DEVICES)
        with hosts.direct() as ends:
            if choose.random() < 0.3:
                in_mid_stream(choose, *ends, lambda: cut(netdev))  # noqa: B023
                renewed()
            else:
                try:
                    in_mid_stream(choose, *ends,
                                  lambda: removed(device))  # noqa: B023
                    if hosts.carriers(ends[0])[0] != TCP:
                        raise Wrong("it goes on without a device")
                finally:
                    added(device, netdev)
            hosts.on(*ends, RDMA)
            hosts.both_ways(*ends, 100000)
        if not number % 50:
            print(f"{number} rounds", flush=True)


def idle_connection_survives():
    """With nothing under way when the device goes."""
    with hosts.direct() as (client, server):
        client.sendall(b"not read yet")
        hosts.until("there", lambda: server.recv(99, socket.MSG_PEEK))
        removed("rxea")
        try:
            if hosts.receive(server, 12) != b"not read yet":
                raise Wrong("other bytes")
            hosts.echo(client, server, b"by TCP")
        finally:
            added("rxea", "va")


def full(ends, message):
    """Four writes of one after the other: those that come last have none."""
    begin = queue_full()
    rounds = 0

    def grown():
        nonlocal rounds
        for client, _ in ends:
            for _ in range(4):
                client.sendall(message)
        rounds += 4
        return queue_full() > begin
    hosts.until("full", grown)
    return rounds


def queue_full():
    return links()[hosts.CLIENT, hosts.SERVER, True]["queue_full"]


def full_queue_is_waited_for():
    """By all connections, each in its turn."""
    message = bytes(range(100))
    with contextlib.ExitStack() as stack:
        ends = [stack.enter_context(hosts.connected()) for _ in range(80)]
        hosts.all_on(ends, RDMA)
        hosts.run("tc", "qdisc", "add", "dev", "vb", "root", "netem",
                  "delay", "200ms", "limit", "10000")
        try:
            rounds = full(ends, message)
            for _, server in ends:
                if hosts.receive(server, 100 * rounds) != rounds * message:
                    raise Wrong("other bytes")
        finally:
            hosts.run("tc", "qdisc", "del", "dev", "vb", "root")
        for pair in ends:
            hosts.echo(*pair, message)


def queue_pairs():
    """How far each of the client's has sent, by the number of the other end's."""
    rows = json.loads(hosts.run("rdma", "-j", "resource", "show", "qp", "link",
                                "rxea").stdout)
    return {row["rqpn"]: row["sq-psn"] for row in rows if row["type"] == "RC"}


@contextlib.contextmanager
def deaf(number):
    """Nothing reaches that queue pair of the server's."""
    hosts.run("nft", "add table netdev deaf; add chain netdev deaf in "
              "{ type filter hook ingress device vb priority 0; }; add rule "
              f"netdev deaf in udp dport 4791 @th,104,24 {number} drop")
    try:
        yield
    finally:
        hosts.run("nft", "delete table netdev deaf")


@contextlib.contextmanager
def several(number):
    """So many for each link that is made from now on."""
    QPS.write_text(str(number))
    renewed()
    try:
        yield
    finally:
        QPS.write_text("1")
        renewed()


def connections_share_queue_pairs():
    """Each keeps to one of them; one that fails takes the others along."""
    with several(4), contextlib.ExitStack() as stack:
        ends = [stack.enter_context(hosts.connected()) for _ in range(12)]
        hosts.all_on(ends, RDMA)
        if {row["queue_pairs"] for row in links().values() if
                row["state"] == "up"} != {4}:
            raise Wrong(f"not four: {links()}")
        before = queue_pairs()
        hosts.all_at_once(ends, 30000)
        after = queue_pairs()
        if len(after) != 4 or any(after[each] == before[each]
                                  for each in after):
            raise Wrong(f"not all are used: {before} {after}")
        with deaf(min(after)):
            hosts.all_at_once(ends, 30000)
            hosts.all_on(ends, RDMA)
            hosts.all_at_once(ends, 30000)
        if set(after) & set(queue_pairs()):
            raise Wrong(f"some have survived: {after} {queue_pairs()}")


def hung_up_on():
    hosts.run("ss", "-K", "dport", "=", hosts.PORT)


def control_connection_is_lost():
    """In any state of a connection; the hosts call again and go on."""
    choose = random.Random(int(os.environ.get("SDIRECT_SEED", "1")))
    with hosts.direct() as idle:
        idle[0].sendall(b"not read")
        for _ in range(ROUNDS):
            with hosts.connected() as (client, server):
                def meanwhile():
                    time.sleep(choose.random() / 2)     # any moment will do
                    hung_up_on()
                hosts.both_ways(client, server, MEGA, meanwhile)
                hosts.on(client, server, RDMA)
                hung_up_on()
                client.shutdown(socket.SHUT_WR)
                if server.recv(1):
                    raise Wrong("more than there is")
        if hosts.receive(idle[1], 8) != b"not read":
            raise Wrong("other bytes")
        hosts.on(*idle, RDMA)


def silenced():
    """Until the hosts have noticed, and the packets of both are gone."""
    for device in ("va", "vb"):
        hosts.run("tc", "qdisc", "add", "dev", device, "root", "netem",
                  "loss", "100%")
    hosts.until("noticed", lambda: not any(row["talking"]
                                           for row in links().values()))
    for device in ("va", "vb"):
        hosts.run("tc", "qdisc", "del", "dev", device, "root")


def wire_is_silent():
    """For longer than the hosts bear with: TCP does, so nothing fails."""
    with hosts.direct() as (client, server):
        hosts.both_ways(client, server, 2 * MEGA, silenced)
        hosts.on(client, server, RDMA)
        silenced()
        hosts.on(client, server, RDMA)


CASES = (
    loss_and_disorder, device_is_removed, idle_connection_survives,
    full_queue_is_waited_for, connections_share_queue_pairs,
    control_connection_is_lost, wire_is_silent,
)
