# SPDX-License-Identifier: GPL-2.0-only
"""Real programs under the shim, against the same on plain TCP.

The quick ones, unless SDIRECT_PROGRAMS is all, or names some.  Behind them
faults are planted, each of which must be noticed.
"""
import os
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, running

PROGRAMS = plan.TOP / "selftests" / "programs"
sys.path.insert(0, str(PROGRAMS))

import programs  # noqa: E402
from planted import FAULTS, ROW  # noqa: E402

WANTED = os.environ.get("SDIRECT_PROGRAMS", "").split()
ROWS = [row for row in programs.ROWS if row.quick] if not WANTED else \
    programs.chosen([] if WANTED == ["all"] else WANTED)
CASES = [("programs", row.name) for row in ROWS]
CASES += [("faults", name) for name in FAULTS]
BOOT = 60               # seconds
LIMIT = BOOT + sum(row.limit for row in ROWS) + ROW.limit * len(FAULTS)


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    if any(row.built for row in ROWS):
        conftest.make("-C", "selftests/programs")
    yield from running(build, "programs", [PROGRAMS / "run.py", "--faults",
                                           *[row.name for row in ROWS]],
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_same_as_tcp(run, section, case):
    run.must_pass(section, case)


def test_says_what_to_install():
    """A program that is not there is a failure, and says how to get it."""
    assert programs.missing(programs.Row("none", ("sh",), 1)) is None
    why = programs.missing(programs.Row("none", ("sh", "no-such-program"), 1))
    assert "no-such-program" in why and programs.SETUP in why


@pytest.mark.guest
def test_programs_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)
