# SPDX-License-Identifier: GPL-2.0-only
"""How the networks of the topologies are made, each in new namespaces.

A function makes one in a Net and returns the talks that are held in it.
"""
from spaces import command
from talk import PORT, Relay, Talk

PUBLISHED = 8080        # the port of a service on its router
OTHER_USERS = ("unshare", "--user", "--map-root-user")
OTHER_PIDS = ("unshare", "--pid", "--fork", "--kill-child")


def alone(listen, to):
    """Both ends in one namespace."""
    def make(net):
        net.spaces("a")
        return [Talk("a", "a", listen, to)]
    return make


def cabled(net, names="ab", number=0, v6=False):
    """Two namespaces and a veth; their addresses."""
    one, other = names
    have = [f"fd00:{number:x}::{host}/64" if v6 else
            f"10.{number}.0.{host}/24" for host in (1, 2)]
    net.cable(one, other, have[:1], have[1:])
    return [address.partition("/")[0] for address in have]


def veth(v6=False, settings=(), change=None, **more):
    """One namespace to another; settings of TCP in both."""
    def make(net):
        net.spaces("a", "b")
        _, there = cabled(net, v6=v6)
        for name in "ab":
            for key, value in settings:
                net.sysctl(name, key, value)
        if change:
            change(net)
        return [Talk("b", "a", there, there, **more)]
    return make


def mapped_to_any(net):
    """An IPv4 client of a server that listens on IPv6."""
    net.spaces("a", "b")
    _, there = cabled(net)
    return [Talk("b", "a", "::", there)]


def offload(**wanted):
    """Both ends of the veth put segments together, and cut them, so."""
    def change(net):
        for name, device in (("a", "b"), ("b", "a")):
            net.exec(name, "ethtool", "-K", device,
                     *[word for item in wanted.items() for word in item])
    return change


def bridged(net, names, bridge="h"):
    """These hang on a bridge in the namespace h; the host of each is known."""
    net.spaces(*names, bridge)
    net.ip(bridge, "link add name br type bridge", "link set dev br up")
    for host, name in enumerate(names, 1):
        net.cable(name, bridge, [f"10.1.0.{host}/24"], [])
        net.ip(bridge, f"link set dev {name} master br")


def three_on_bridge(net):
    """Each with the next, all at once."""
    names = "abc"
    bridged(net, names)
    hosts = [f"10.1.0.{host}" for host in (1, 2, 3)]
    return [Talk(names[(i + 1) % 3], names[i], hosts[(i + 1) % 3],
                 hosts[(i + 1) % 3], seed=1 + 2 * i) for i in range(3)]


def routed(net, client="10.1.0.1/24", out="10.2.0.254/24",
           inside="10.1.0.254/24", server="10.2.0.1/24"):
    """c - r - s; the addresses of c and s."""
    net.spaces("c", "r", "s")
    net.router("r")
    net.cable("c", "r", [client], [inside])
    net.cable("s", "r", [server], [out])
    net.ip("c", f"route add default via {inside.partition('/')[0]}")
    net.ip("s", f"route add default via {out.partition('/')[0]}")
    return client.partition("/")[0], server.partition("/")[0]


def published(v6=False):
    """The client knows the router's address and port only."""
    def make(net):
        have = [f"fd00:{at}/64" for at in ("1::1", "2::254", "1::254", "2::1")
                ] if v6 else []
        _, server = routed(net, *have)
        to, family = ("fd00:1::254", "ip6") if v6 else ("10.1.0.254", "ip")
        target = f"[{server}]" if v6 else server
        net.nft("r", f"""table {family} nat {{
            chain pre {{
                type nat hook prerouting priority dstnat
                {family} daddr {to} tcp dport {PUBLISHED} dnat to {target}:{PORT}
            }} }}""")
        return [Talk("s", "c", server, to, seen="to",
                     client_has=("--port", PUBLISHED))]
    return make


def published_here(net):
    """The client is on the router itself."""
    _, server = routed(net)
    net.nft("r", f"""table ip nat {{
        chain out {{
            type nat hook output priority -100
            ip daddr 10.1.0.254 tcp dport {PUBLISHED} dnat to {server}:{PORT}
        }} }}""")
    return [Talk("s", "r", server, "10.1.0.254", seen="to",
                 client_has=("--port", PUBLISHED))]


MASQUERADE = """chain post {
        type nat hook postrouting priority srcnat
        oifname "s" masquerade
    }"""


def masqueraded(net):
    """The server sees the router's address only."""
    _, server = routed(net)
    net.nft("r", f"table ip nat {{ {MASQUERADE} }}")
    return [Talk("s", "c", server, server, seen="from")]


def hairpin(client):
    """To the published address of one that hangs on the same bridge."""
    def make(net):
        bridged(net, "ab", "r")
        net.router("r")
        net.ip("r", "addr add 10.1.0.254/24 dev br", "addr add 10.9.0.9 dev lo")
        for name in "ab":
            net.ip(name, "route add default via 10.1.0.254")
        net.nft("r", f"""table ip nat {{
            chain pre {{
                type nat hook prerouting priority dstnat
                ip daddr 10.9.0.9 tcp dport {PUBLISHED} dnat to 10.1.0.2:{PORT}
            }}
            chain post {{
                type nat hook postrouting priority srcnat
                ip saddr 10.1.0.0/24 ip daddr 10.1.0.2 masquerade
            }} }}""")
        return [Talk("b", client, "10.1.0.2", "10.9.0.9", seen="both",
                     client_has=("--port", PUBLISHED))]
    return make


def synproxied(net):
    """The router makes the handshakes of both."""
    _, server = routed(net)
    net.nft("r", f"""table ip proxy {{
        chain pre {{
            type filter hook prerouting priority raw
            iifname "c" tcp dport {PORT} tcp flags syn notrack
        }}
        chain pass {{
            type filter hook forward priority filter
            tcp dport {PORT} ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
            ct state invalid drop
        }} }}""")
    net.sysctl("r", "netfilter/nf_conntrack_tcp_loose", 0)
    return [Talk("s", "c", server, server)]


def ftp(client, out, first, busy=False):
    """FTP's commands through a router that edits them: PORT has an address.

    What follows begins with pauses, or is never all acknowledged: busy.
    """
    def make(net):
        command(["modprobe", "nf_nat_ftp"])
        own, server = routed(net, client=f"{client}/24", out=f"{out}/24")
        net.nft("r", f"""table ip ftp {{
            ct helper ftp {{ type "ftp" protocol tcp; }}
            chain pre {{
                type filter hook prerouting priority filter
                tcp dport {PORT} ct helper set "ftp"
            }}
            {MASQUERADE} }}""")
        lines = (*first, f"PORT {own.replace('.', ',')},100,{{number}}")
        has = [word for line in lines for word in ("--line", line)]
        if busy:
            net.exec("r", "tc", "qdisc", "add", "dev", "c", "root", "netem",
                     "delay", "50ms")
        return [Talk("s", "c", server, server, seen="from", server_has=has,
                     client_has=["--whole" if busy else "--quiet", *has])]
    return make


def vlan(net):
    """Tagged, over a veth that has no addresses."""
    net.spaces("a", "b")
    net.cable("a", "b", (), ())
    for name, device, host in (("a", "b", 1), ("b", "a", 2)):
        net.ip(name, f"link add link {device} name v type vlan id 7")
        net.device(name, "v", f"10.1.0.{host}/24")
    return [Talk("b", "a", "10.1.0.2", "10.1.0.2")]


def on_one_device(kind):
    """Two devices of this kind on one that leads nowhere."""
    def make(net):
        net.spaces("a", "b", "h")
        net.ip("h", "link add name d type dummy", "link set dev d up")
        for host, name in enumerate("ab", 1):
            net.ip("h", f"link add link d name v netns @{name} type {kind}")
            net.device(name, "v", f"10.1.0.{host}/24")
        # Theirs is to be there when they are set up.
        net.lines = {"h": net.lines.pop("h"), **net.lines}
        return [Talk("b", "a", "10.1.0.2", "10.1.0.2")]
    return make


def vxlan(net):
    """An Ethernet inside UDP."""
    net.spaces("a", "b")
    hosts = cabled(net)
    for host, (name, device) in enumerate((("a", "b"), ("b", "a"))):
        net.ip(name, f"link add name v type vxlan id 7 dstport 4789 dev {device} "
               f"local {hosts[host]} remote {hosts[1 - host]}")
        net.device(name, "v", f"10.1.0.{host + 1}/24")
    return [Talk("b", "a", "10.1.0.2", "10.1.0.2")]


def twins(net):
    """Two pairs that have the same addresses and the same ports."""
    net.spaces("a", "b", "c", "d")
    talks = []
    for names, seed in (("ab", 1), ("cd", 3)):
        here, there = cabled(net, names)
        talks.append(Talk(names[1], names[0], there, there, seed=seed,
                          client_has=("--from", here, "--from-port",
                                      "500{number}")))
    return talks


def crossed(net):
    """There by one router, and back by another."""
    net.spaces("a", "b", "r", "q")
    for number, router in enumerate("rq", 1):
        net.router(router)
        for end, host in (("a", 1), ("b", 2)):
            net.cable(end, router, [f"10.{number}{host}.0.1/24"],
                      [f"10.{number}{host}.0.2/24"])
            net.ip(router, f"route add 10.9.0.{host} via 10.{number}{host}.0.1")
        net.nft(router, f"""table ip seen {{
            counter there {{ }}
            counter back {{ }}
            chain pass {{
                type filter hook forward priority filter
                tcp dport {PORT} counter name there
                tcp sport {PORT} counter name back
            }} }}""")
    for end, router, own, other in (("a", "10.11.0.2", 1, 2),
                                    ("b", "10.22.0.2", 2, 1)):
        net.ip(end, f"addr add 10.9.0.{own} dev lo",
               f"route add 10.9.0.{other} via {router} src 10.9.0.{own}")
    return [Talk("b", "a", "10.9.0.2", "10.9.0.2")]


def relayed(**more):
    """c - p - s, and p ends the connection and makes another."""
    def make(net):
        net.spaces("c", "p", "s")
        _, inside = cabled(net, "cp", 1)
        server, _ = cabled(net, "sp", 2)
        return [Talk("s", "c", server, inside, seen="both",
                     relay=Relay("p", inside, **more))]
    return make


def of_one_user_namespace(net):
    """Two containers of a user who is not root outside."""
    return veth(users=net.users())(net)


def grouped(net):
    """Each end in a memory cgroup; the client sends what fits at the end."""
    groups = net.group("server"), net.group("client")
    return veth(groups=groups, client_has=("--fill", "--bytes", 100000),
                server_has=("--bytes", 100000))(net)
