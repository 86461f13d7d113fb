# SPDX-License-Identifier: GPL-2.0-only
"""sdirectd and the module, in guests: rules, questions, reloads, kills; and
the daemon as it is installed, under systemd."""
import ast
import os

import pytest

import conftest
import plan
from guestrun import SLOWER, running

LIVE = plan.TOP / "selftests/policy/live.py"
SERVICE = plan.TOP / "selftests/policy/service.py"
KILLS = int(os.environ.get("SDIRECT_POLICY_KILLS", "20"))
# Seconds, of which an idle machine needs few.
LIMIT = 400 + 15 * KILLS


def names(path):
    """Those of CASES, without importing what needs root."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and \
                getattr(node.targets[0], "id", None) == "CASES":
            return [name.id for name in node.value.elts]
    raise AssertionError("there are no CASES")


CASES = [("live", name) for name in names(LIVE)]
SERVED = [("service", name) for name in names(SERVICE)]


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


@pytest.fixture(scope="session")
def service(request, build):
    conftest.make_module()
    yield from running(build, "service", [SERVICE],
                       conftest.teller(request.config), 400 * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", SERVED)
def test_policy_service(service, section, case):
    service.must_pass(section, case)


@pytest.mark.guest
def test_policy_service_log(service):
    service.must_end(SERVED)
