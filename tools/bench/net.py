# SPDX-License-Identifier: GPL-2.0-only
"""Two network namespaces on a bridge, for TCP that goes by more than loopback."""
import contextlib
import subprocess

from kernel import find_program
from proc import DemoError, run

SPACES = ("sdirect-bench-a", "sdirect-bench-b")
BRIDGE = "sdbench"
ADDRESSES = ("10.213.0.1", "10.213.0.2")
# Some programs resolve no IPv4 address, not even the loopback device's, on a
# machine that has no other.
OWN = "10.213.0.254"
MAKE = """\
netns add {a}
netns add {b}
link add {bridge} type bridge
link set {bridge} up
address add {own}/24 dev {bridge}
link add {bridge}0 type veth peer name eth0 netns {a}
link add {bridge}1 type veth peer name eth0 netns {b}
link set {bridge}0 master {bridge} up
link set {bridge}1 master {bridge} up
-n {a} address add {address[0]}/24 dev eth0
-n {b} address add {address[1]}/24 dev eth0
-n {a} link set eth0 up
-n {b} link set eth0 up
"""


def ip(lines, limit=60):
    """Has ip do each line."""
    try:
        for line in lines.splitlines():
            run([find_program("ip"), *line.split()], limit)
    except (OSError, subprocess.SubprocessError) as error:
        raise DemoError("ip: %s" % error) from None


@contextlib.contextmanager
def bridged():
    """The environment in which sdirect-bench connects over the bridge."""
    names = dict(zip("ab", SPACES), bridge=BRIDGE, own=OWN,
                 address=ADDRESSES)
    try:
        ip(MAKE.format(**names))
        yield {"BENCH_SERVER_NET": "/run/netns/" + SPACES[0],
               "BENCH_CLIENT_NET": "/run/netns/" + SPACES[1],
               "BENCH_ADDRESS": ADDRESSES[0]}
    finally:
        for line in ("link delete " + BRIDGE, *("netns delete " + name
                                                for name in SPACES)):
            with contextlib.suppress(DemoError):
                ip(line)
