# SPDX-License-Identifier: GPL-2.0-only
"""Attackers, administrators and containers, in one guest; each row is a test."""
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

PLACE = plan.TOP / "selftests" / "surroundings"
sys.path[:0] = [str(PLACE), str(plan.TOP / "selftests" / "programs")]

import run as surroundings  # noqa: E402
import wire  # noqa: E402

CASES = [(section, name) for section, name, _ in surroundings.named()]
LIMIT = 600             # seconds


@pytest.fixture(scope="session")
def guest(request, build):
    conftest.make_module()
    conftest.make("tools")
    conftest.make("-C", "selftests/surroundings")
    conftest.make("-C", "selftests/topology")
    yield from running(build, "surroundings", [PLACE / "run.py"],
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_surroundings(guest, section, case):
    guest.must_pass(section, case)


@pytest.mark.guest
def test_surroundings_log(guest):
    """Nothing in the kernel's log, no case but those that are listed."""
    guest.must_end(CASES)


def test_segments():
    """What is made by hand can be read, and its sums are right."""
    made = wire.Segment("10.1.0.1", 1, "10.1.0.2", 2, 3, 4, wire.SYN, 5,
                        wire.MSS_OPTION, b"odd")
    packet = wire.build(made)
    assert wire.parse(packet) == made
    assert wire.checksum(packet[:20]) == 0
    pseudo = packet[12:20] + bytes((0, 6, 0, len(packet) - 20))
    assert wire.checksum(pseudo + packet[20:]) == 0
    assert wire.checksum(pseudo + packet[20:-1] + b"?") != 0
