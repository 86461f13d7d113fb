# SPDX-License-Identifier: GPL-2.0-only
"""Rules, questions and verdicts, over netlink in one guest; each is a test.

SDIRECT_JUDGE names cases, if not all are wanted.
"""
import os
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

JUDGE = plan.TOP / "selftests" / "judge"
sys.path[:0] = [str(JUDGE)]

import rulings  # noqa: E402

CHOSEN = os.environ.get("SDIRECT_JUDGE", "").split()
CASES = [("judge", name) for name in CHOSEN or rulings.CASES]
LIMIT = 600             # seconds, of which an idle machine needs few


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("-C", "selftests/many")
    yield from running(build, "judge", [JUDGE / "judged.py", *CHOSEN],
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_is_judged(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_judge_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)
