# SPDX-License-Identifier: GPL-2.0-only
"""The topologies: what each makes, and which way its connections must take.

Documentation/topologies.rst has the same rows, with the reasons.
"""
import collections
import json
import pathlib

import layouts
import rowcases
from talk import DIRECT, EITHER, End, by_tcp

NO_PEER = by_tcp("no_peer")
# The edited direction stays on TCP, the other one need not.
EDITED = (End("tcp", "local", "counts"), End("local", "tcp", "none"))
EDITED_BUSY = (End("tcp", EITHER, frozenset(("cold", "counts"))),
               End(EITHER, "tcp", frozenset(("cold", "counts", "none"))))
TIMESTAMPS, WINDOW_SCALE, SYN_DATA = 1, 4, 32      # of tcpi_options
FTP_FIRST = ("USER topology",)
FTP_MORE = ("USER topology", "PASS none", "SYST", "TYPE I")

# make(net): the talks; client, server: what each end must say; before(net):
# called when all are connected; proof(net, talkings, before): why it is not the
# topology that it is meant to be, or None, when all bytes have been moved.
Row = collections.namedtuple("Row", "name make client server proof before",
                             defaults=(DIRECT, DIRECT, None, None))


def options(**wanted):
    """Both ends have agreed on these options of TCP, or not."""
    masks = {"timestamps": TIMESTAMPS, "scale": WINDOW_SCALE}

    def proof(_net, talkings, _before):
        for said in talkings[0].wait("moved"):
            for name, value in wanted.items():
                if bool(said["options"] & masks[name]) != value:
                    return f"{name} is not {value}: {said}"
        return None
    return proof


def cookies(net, talkings, _before):
    """One for each connection that there has been."""
    got = net.counter("b", "SyncookiesRecv")
    return None if got > talkings[0].number else f"{got} SYN cookies came back"


def data_in_syn(_net, talkings, _before):
    client = talkings[0].client.wait("moved")
    return None if client["options"] & SYN_DATA else "no data in the SYN"


def offloading(**wanted):
    """A veth with these features, and the proof that it has them."""
    names = {"tso": "tcp-segmentation-offload",
             "gso": "generic-segmentation-offload",
             "gro": "generic-receive-offload"}

    def proof(net, _talkings, _before):
        text = net.exec("a", "ethtool", "-k", "b")
        for key, value in wanted.items():
            if f"{names[key]}: {value}" not in text:
                return f"{names[key]} is not {value}"
        return None
    return {"make": layouts.veth(change=layouts.offload(**wanted)),
            "proof": proof}


def cookie_was_valid(net, _talkings, _before):
    """The proxy has seen the answer to its SYN cookie."""
    with net.inside("r"):
        lines = pathlib.Path("/proc/self/net/stat/synproxy").read_text("ascii")
    keys, *rows = [line.split() for line in lines.splitlines()]
    at = keys.index("cookie_valid")
    return None if sum(int(row[at], 16) for row in rows) else \
        f"the proxy has done nothing: {lines}"


def line_grew(by):
    """What the server got is so many bytes longer than what was sent."""
    def proof(_net, talkings, _before):
        sent = talkings[0].has[-1]
        got = talkings[0].server.texts()[-1]
        return None if len(got) - len(sent) == by and (by or got == sent) \
            else f"sent {sent}, got {got}"
    return proof


def same_names(_net, talkings, _before):
    """The connections cannot be told apart by their addresses."""
    names = [[(said["local"], said["peer"]) for said in talking.wait("moved")]
             for talking in talkings]
    return None if names[0] == names[1] else f"not the same: {names}"


def ways_differ(net, _talkings, _before):
    for router, way, other in (("r", "there", "back"), ("q", "back", "there")):
        rows = json.loads(net.exec(router, "nft", "-j", "list", "counters"))
        count = {row["counter"]["name"]: row["counter"]["packets"]
                 for row in rows["nftables"] if "counter" in row}
        if not count[way] or count[other]:
            return f"packets through {router}: {count}"
    return None


def charged(net):
    """What the memory cgroups of server and client hold."""
    return [int((net.group(name) / "memory.current").read_text("ascii"))
            for name in ("server", "client")]


def receiver_pays(net, talkings, before):
    """What the client has sent, and nobody read, is the server's memory."""
    client = talkings[0].client
    moved = client.wait("moved")["sent"]
    client.go()
    filled = client.wait("filled")["sent"] - moved
    server, own = [now - then for now, then in zip(charged(net), before)]
    # Both ends hold more than rings, and both the same.
    return None if server - own > filled / 2 > 65536 else \
        f"of {filled} bytes the receiver was charged {server}, the sender {own}"


def settings(**values):
    """A veth with these settings of TCP at both ends."""
    return layouts.veth(settings=[(f"ipv4/{key}", value)
                                  for key, value in values.items()])


FASTOPEN = ("--fastopen", "--connections", 2)

ROWS = (
    Row("loopback", layouts.alone("127.0.0.1", "127.0.0.1")),
    Row("loopback6", layouts.alone("::1", "::1")),
    Row("mapped", layouts.alone("::ffff:127.0.0.1", "::ffff:127.0.0.1")),
    Row("mapped-server", layouts.mapped_to_any),
    Row("veth", layouts.veth()),
    Row("veth6", layouts.veth(v6=True)),
    Row("bridge", layouts.three_on_bridge),
    Row("published", layouts.published()),
    Row("published6", layouts.published(v6=True)),
    Row("published-here", layouts.published_here),
    Row("masquerade", layouts.masqueraded),
    Row("hairpin", layouts.hairpin("a")),
    Row("hairpin-self", layouts.hairpin("b")),
    Row("synproxy", layouts.synproxied, NO_PEER, NO_PEER, cookie_was_valid),
    Row("ftp-longer", layouts.ftp("10.1.0.1", "10.2.0.254", FTP_FIRST),
        *EDITED, line_grew(2)),
    Row("ftp-shorter", layouts.ftp("10.1.0.101", "10.2.0.4", FTP_FIRST),
        *EDITED, line_grew(-2)),
    # The helper's bytes are still under way when the stream gets busy.
    Row("ftp-longer-busy", layouts.ftp("10.1.0.1", "10.2.0.254", FTP_FIRST,
                                       True), *EDITED_BUSY, line_grew(2)),
    Row("ftp-shorter-busy", layouts.ftp("10.1.0.101", "10.2.0.4", FTP_FIRST,
                                        True), *EDITED_BUSY, line_grew(-2)),
    Row("ftp-late", layouts.ftp("10.1.0.1", "10.2.0.254", FTP_MORE),
        proof=line_grew(0)),
    Row("vlan", layouts.vlan),
    Row("macvlan", layouts.on_one_device("macvlan mode bridge")),
    Row("ipvlan", layouts.on_one_device("ipvlan mode l2")),
    Row("vxlan", layouts.vxlan),
    Row("twins", layouts.twins, proof=same_names),
    Row("asymmetric", layouts.crossed, proof=ways_differ),
    Row("proxy", layouts.relayed()),
    Row("proxy-half", layouts.relayed(has=("--direct",), shimmed=False),
        server=NO_PEER),
    Row("syncookies", settings(tcp_syncookies=2), proof=cookies),
    Row("fastopen", layouts.veth(
        settings=[("ipv4/tcp_fastopen", 3)], client_has=FASTOPEN,
        server_has=FASTOPEN), by_tcp("option"), NO_PEER, data_in_syn),
    Row("no-window-scaling", settings(tcp_window_scaling=0),
        proof=options(scale=False)),
    Row("no-timestamps", settings(tcp_timestamps=0),
        proof=options(timestamps=False)),
    Row("no-offload", **offloading(tso="off", gso="off", gro="off")),
    Row("gso-alone", **offloading(tso="off", gso="on", gro="off")),
    Row("gro", **offloading(tso="on", gso="on", gro="on")),
    Row("user-namespace", layouts.veth(server_as=layouts.OTHER_USERS),
        by_tcp("policy"), by_tcp("policy")),
    Row("one-user-namespace", layouts.of_one_user_namespace),
    Row("pid-namespace", layouts.veth(server_as=layouts.OTHER_PIDS,
                                      client_as=layouts.OTHER_PIDS)),
    Row("memory-cgroup", layouts.grouped, proof=receiver_pays,
        before=charged),
)

def chosen(names):
    """The rows of these names, all if there are none."""
    return rowcases.chosen(ROWS, names, "topology")
