# SPDX-License-Identifier: GPL-2.0-only
"""RDMA in network namespaces: on any kernel what needs no device, and streams
where soft RoCE has a socket in each (KVER=VERSION says another kernel)."""
import os
import sys

import pytest

import conftest
import plan
from guestrun import KERNEL, SLOWER, running

RDMA = plan.TOP / "selftests" / "rdma"
sys.path.insert(0, str(RDMA))

import space_cases  # noqa: E402
from built import find_kernel  # noqa: E402
from image import read_module  # noqa: E402

LIMIT = 600             # seconds


def rxe_has_spaces():
    """Newer ones have a socket in each namespace: rxe_ns.c."""
    kernel = find_kernel(KERNEL or os.environ.get("KVER"))
    files = kernel.module_files(["rdma_rxe"])
    return bool(files) and b"rxe_ns_" in read_module(files[-1])


RXE = rxe_has_spaces()
NAMES = space_cases.NAMES + (space_cases.RXE_NAMES if RXE else ())
CASES = [("spaces", name) for name in ("load", *NAMES, "unload")]


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    yield from running(build, "spaces",
                       [RDMA / "spaces_run.py", *(["--rxe"] if RXE else [])],
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_in_namespaces(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_spaces_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)
