# SPDX-License-Identifier: GPL-2.0-only
"""Connections through all local topologies, in one guest; each is a test.

Behind them faults are planted, each of which must be noticed.
"""
import re
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

TOPOLOGY = plan.TOP / "selftests" / "topology"
# Its cases are told as those of the programs.
sys.path[:0] = [str(TOPOLOGY), str(plan.TOP / "selftests" / "programs")]

import mistakes  # noqa: E402
import talk  # noqa: E402
import topologies  # noqa: E402

CASES = [("topologies", row.name) for row in topologies.ROWS]
CASES += [("faults", each.name) for each in mistakes.MISTAKES]
LIMIT = 600             # seconds, of which an idle machine needs few
TEXT = plan.TOP / "Documentation" / "topologies.rst"
HERE = talk.Talk(None, None, "127.0.0.1", "127.0.0.1",
                 server_has=("--port", 0))


@pytest.fixture(scope="session")
def peer():
    conftest.make("-C", "selftests/topology")


@pytest.fixture(scope="session")
def run(request, build, peer):  # pylint: disable=unused-argument
    conftest.make_module()
    conftest.make("tools")
    yield from running(build, "topology", [TOPOLOGY / "topology.py",
                                           "--faults"],
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_takes_its_way(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_topology_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)


def converse(held):
    """What both ends of a talk on this machine say, over plain TCP."""
    talking = talk.Talking(None, held, "tcp", 0)
    try:
        talking.wait("connected")
        for end in talking.ends():
            end.go()
        said = talking.wait("moved")
        talking.release()
        talking.finish()
        return said
    finally:
        talking.stop()


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize("listen, to", (
    ("127.0.0.1", "127.0.0.1"), ("::ffff:127.0.0.1", "127.0.0.1")))
def test_peers_understand_each_other(listen, to):
    held = HERE._replace(listen=listen, to=to)
    server, client = converse(held)
    assert not talk.wrong_payload(server, client)
    assert not talk.wrong_sight("same", server, client)
    # Nobody has said that it is direct.
    assert talk.wrong_end("client", client, talk.DIRECT)


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize("change, pos", (
    ({"client_has": ("--corrupt", 700001)}, 700001),
    ({"server_has": ("--port", 0, "--corrupt", 5)}, 5),
    ({"client_has": ("--seed", 3)}, 0)))
def test_a_wrong_byte_is_seen(change, pos):
    with pytest.raises(talk.Failed, match=f"wrong byte.*'pos': {pos}[,}}]"):
        converse(HERE._replace(**change))


@pytest.mark.usefixtures("peer")
def test_a_silent_peer_is_given_up(monkeypatch):
    monkeypatch.setattr(talk, "LIMIT", 1)
    with pytest.raises(talk.Failed, match="server: no listening for 1 s"):
        converse(HERE._replace(server_as=("sh", "-c", "exec sleep 60")))


def said(**change):
    """What an end says for which all is well."""
    return {"sent": 7, "got": 7, "sent_sum": "a", "got_sum": "a",
            "local": ["10.0.0.1", 1], "peer": ["10.0.0.1", 1], "tx": "local",
            "rx": "local", "reason": "none", "tx_ring": 3, "rx_ring": 4,
            **change}


@pytest.mark.parametrize("server, reason", (
    ({}, None),
    ({"got_sum": "b"}, "got_sum b, sent_sum a"),
    ({"sent": 8}, "got 7, sent 8"),
    ({"local": ["10.0.0.2", 1]}, "addresses translated: to, not same"),
    ({"local": ["::ffff:10.0.0.1", 1]}, None),
    ({"peer": ["10.0.0.1", 2]}, "addresses translated: from, not same"),
    ({"rx": "tcp"}, "server: .*, not"),
    ({"reason": "cold"}, "server: .*, not"),
    ({"rx_ring": 0}, "server: 0 bytes by ring, rx is local")))
def test_what_is_judged(server, reason):
    got = talk.judge(HERE, (talk.DIRECT, talk.DIRECT), said(**server), said())
    assert not got if reason is None else re.match(reason, got), got


def goes(row):
    """As the table of the documentation has it."""
    reasons = set().union(*(talk.may_be(end.reason)
                            for end in (row.client, row.server)
                            if end != talk.DIRECT))
    if not reasons:
        return "direct"
    one_way = any("local" in talk.may_be(way)
                  for way in (row.client.tx, row.client.rx))
    return "one way" if one_way and reasons > {"none"} else \
        "one end" if one_way else "TCP"


def test_the_text_has_the_same_rows():
    rows = re.findall(r"^``(\S+)``  +.*?  +(direct|TCP|one way|one end)"
                      r"\b", TEXT.read_text("utf-8"), re.M)
    assert rows == [(row.name, goes(row)) for row in topologies.ROWS]


def test_names_are_unique():
    assert len(set(CASES)) == len(CASES)
    assert [row.name for row in topologies.chosen(["veth", "vlan"])] == [
        "veth", "vlan"]
    with pytest.raises(LookupError, match="no topology wormhole"):
        topologies.chosen(["wormhole"])
