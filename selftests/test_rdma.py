# SPDX-License-Identifier: GPL-2.0-only
"""Connections between hosts by RDMA: both are one guest, with a wire of its own."""
import socket
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

RDMA = plan.TOP / "selftests" / "rdma"
sys.path.insert(0, str(RDMA))

import hosts  # noqa: E402
import rdma_cases  # noqa: E402

CASES = [("rdma", name) for name in ("load", *rdma_cases.NAMES, "unload")]
LIMIT = 600             # seconds


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    yield from running(build, "rdma", [RDMA / "rdma.py"],
                       conftest.teller(request.config),
                       (LIMIT + 20 * rdma_cases.ROUNDS) * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_between_hosts(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_rdma_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)


def test_a_wrong_byte_is_noticed():
    """Of the hashes that the cases compare."""
    class Liar(socket.socket):
        def sendall(self, data):
            super().sendall(b"?" + data[1:])

    one, other = socket.socketpair()
    with Liar(fileno=one.detach()) as one, other:
        with pytest.raises(hosts.Wrong, match="other bytes"):
            hosts.stream(one, other, 1000)


def test_a_missing_byte_is_noticed():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"abc")
        one.shutdown(socket.SHUT_WR)
        with pytest.raises(hosts.Wrong, match="the end after 3 of 4"):
            hosts.receive(other, 4)
