# SPDX-License-Identifier: GPL-2.0-only
"""sdirectd and the module, in a guest: rules, questions, reloads, kills."""
import ast
import os

import pytest

import conftest
import plan
from guestrun import SLOWER, running

LIVE = plan.TOP / "selftests/policy/live.py"
KILLS = int(os.environ.get("SDIRECT_POLICY_KILLS", "20"))
# Seconds, of which an idle machine needs few.
LIMIT = 400 + 15 * KILLS


def names():
    """Those of CASES, without importing what needs root."""
    for node in ast.parse(LIVE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and \
                getattr(node.targets[0], "id", None) == "CASES":
            return [name.id for name in node.value.elts]
    raise AssertionError("there are no CASES")


CASES = [("live", name) for name in names()]


@pytest.fixture(scope="session")
def live(request, build):
    conftest.make_module()
    yield from running(build, "policy", [LIVE], conftest.teller(request.config),
                       LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_policy_holds(live, section, case):
    live.must_pass(section, case)


@pytest.mark.guest
def test_policy_log(live):
    """Nothing in the kernel's log, no case but those that are listed."""
    live.must_end(CASES)
