# SPDX-License-Identifier: GPL-2.0-only
"""Many connections and short ones, in one guest; limits reached on purpose.

SDIRECT_MANY says how many connections are open at once (default: 2000).
"""
import json
import os
import subprocess
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

MANY = plan.TOP / "selftests" / "many"
sys.path[:0] = [str(MANY), str(plan.TOP / "selftests" / "programs")]

import many  # noqa: E402

COUNT = int(os.environ.get("SDIRECT_MANY", "2000"))
PAIRS = 10 if COUNT > 10000 else 4
LIMIT = 600             # seconds


@pytest.fixture(scope="session")
def programs(build):
    conftest.make("-C", "selftests/many")
    return build / "selftests/many"


@pytest.fixture(scope="session")
def run(request, build, programs):  # pylint: disable=unused-argument
    conftest.make_module()
    conftest.make("tools")
    yield from running(build, "many", [
        MANY / "many.py", "--pairs", str(PAIRS), "--connections",
        str(COUNT // PAIRS), "--active", str(COUNT // PAIRS // 10)],
        conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("case", many.named())
def test_many(run, case):
    run.must_pass("many", case)


@pytest.mark.guest
def test_many_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end([("many", case) for case in many.named()])


def say(program, *words):
    done = subprocess.run([program, *words], check=True, timeout=60,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def test_short_connections(programs):
    said = say(programs / "short", "--count", "50", "--requests", "3")
    assert said["connections"] == 49 and said["seconds"] > 0


def test_account_of_calls(programs):
    said = say(programs / "account", "--count", "20")
    assert all(cost > 0 for cost in said.values())


def test_crowd_on_tcp(programs):  # pylint: disable=unused-argument
    """The oracle: what is asked of AF_SDIRECT holds on plain TCP."""
    size = many.Size(2, 30, 10)
    with many.crowd.crowd(size, "tcp") as each:
        said = each.through()
    assert said["seen"] == 60 and not said["local"]


def test_crowd_that_fails(programs):  # pylint: disable=unused-argument
    limits = {many.resource.RLIMIT_NOFILE: 30}
    with many.crowd.crowd(many.Size(1, 30, 10), "tcp", limits) as each, \
            pytest.raises(many.Failed, match="Too many open files"):
        each.through()
