# SPDX-License-Identifier: GPL-2.0-only
"""Faults that are planted: a check that overlooks one is no check."""
import collections
import re

import layouts
import topologies
from talk import DIRECT

# What must be said of the row, when it is tried on these transports.
Mistake = collections.namedtuple("Mistake", "name row transports reason")
ROWS = {row.name: row for row in topologies.ROWS}


def without(talk_change, row):
    """The row, with its talks changed."""
    make = row.make
    return row._replace(make=lambda net: [talk_change(talk)
                                          for talk in make(net)])


def no_helper(net):
    """What masquerading alone does: no line is edited."""
    has = ("--line", "USER topology", "--line", "PORT 10,1,0,1,100,1")
    return [talk._replace(client_has=has, server_has=has)
            for talk in layouts.masqueraded(net)]


def swapped(net):
    """Each client says what the other one's server expects."""
    first, second = layouts.twins(net)
    return [first._replace(client_has=(*first.client_has, "--seed", 3)),
            second._replace(client_has=(*second.client_has, "--seed", 1))]


def corrupt(talk):
    return talk._replace(client_has=("--corrupt", 500000))


VETH = ROWS["veth"]

MISTAKES = (
    # Row, and what it is said to be though it is not.
    Mistake("expects-tcp", VETH._replace(client=topologies.NO_PEER),
            ("direct",), r"client: \('local', 'local', 'none'\), not"),
    Mistake("expects-direct", ROWS["synproxy"]._replace(
        client=DIRECT, server=DIRECT), ("shim",),
            r"client: \('tcp', 'tcp', 'no_peer'\), not"),
    Mistake("no-shim", VETH, ("tcp",), r"client: \(None, None, None\), not"),
    Mistake("wrong-byte", without(corrupt, VETH), ("direct",),
            "wrong byte.*500000"),
    Mistake("wrong-peer", ROWS["twins"]._replace(make=swapped), ("direct",),
            "wrong byte"),
    Mistake("no-helper", ROWS["ftp-longer"]._replace(
        make=no_helper, client=DIRECT, server=DIRECT), ("direct",),
            "not this topology: sent PORT"),
    Mistake("no-translation", without(lambda talk: talk._replace(seen="to"),
                                      VETH),
            ("direct",), "addresses translated: same, not to"),
    Mistake("no-server", without(lambda talk: talk._replace(
        server_as=("true",)), VETH), ("direct",), "no listening, status 0"),
)


def overlooked(mistake, reason):
    """What is wrong with this reason for the fault, or None."""
    if reason and re.search(mistake.reason, reason):
        return None
    return f"{mistake.name} was planted, and what was said is: {reason}"
