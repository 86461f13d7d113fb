# SPDX-License-Identifier: GPL-2.0-only
"""Connections between hosts by iWARP, which soft iWARP (siw) plays.

Debian's kernel has none, the debug kernel has: make check-debug runs them.
"""
import sys

import pytest

import conftest
import guestrun
import plan

RDMA = plan.TOP / "selftests" / "rdma"
sys.path.insert(0, str(RDMA))

import losses  # noqa: E402
import rdma_cases  # noqa: E402

CHOSEN = (
    "both_directions_change", "by_ipv6", "all_sizes", "bytes_both_ways",
    "end_of_stream", "unread_bytes_reset", "reader_that_waits",
    "demoted_and_promoted", "killed_process_ends_the_stream",
    "many_share_a_link", "shim_works_without_system_calls",
    "loss_and_disorder", "device_is_removed", "idle_connection_survives",
    "control_connection_is_lost", "wire_is_silent", "links_are_listed",
    "unload_is_refused_while_in_use",
)
CASES = [("rdma", name) for name in ("load", *CHOSEN, "unload")]
LIMIT = 300             # seconds


def test_all_are_known():
    assert set(CHOSEN) <= set(rdma_cases.NAMES)


@pytest.fixture(scope="session")
def run(request, build):
    if guestrun.KERNEL != "debug":
        pytest.skip("only the debug kernel has siw: make check-debug")
    conftest.make_module()
    conftest.make("tools")
    yield from guestrun.running(
        build, "iwarp", ["--env", "SDIRECT_RDMA=siw", RDMA / "rdma.py",
                         *CHOSEN], conftest.teller(request.config),
        (LIMIT + 20 * losses.ROUNDS) * guestrun.SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_by_iwarp(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_iwarp_log(run):
    """Nothing in the kernel's log."""
    run.must_end(CASES)
