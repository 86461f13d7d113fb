# SPDX-License-Identifier: GPL-2.0-only
"""What calls do on AF_SDIRECT and under the shim, compared with TCP.

The quick groups, on rings, unless SDIRECT_COMPAT names one, or is random: then
that alone, on all transports.  SDIRECT_COUNT says how many random sequences
each transport makes, SDIRECT_SEED where they begin.
"""
import os
import re
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, module, running

COMPAT = plan.TOP / "selftests" / "compat"
sys.path.insert(0, str(COMPAT))

from compare import TRANSPORTS  # noqa: E402
from differ import TRANSPORTS as RANDOM  # noqa: E402

TEST = re.compile(r"^\tCOMPAT(?:_WITH)?\((\w+)(.*)", re.M)
ONE = os.environ.get("SDIRECT_COMPAT")
QUICK = ("connect", "data", "epoll", "files", "flags", "ready", "random")
QUICK_TRANSPORTS = ("direct_warm", "shim_warm")
CHOSEN_GROUPS = (ONE,) if ONE else QUICK
CHOSEN = tuple(TRANSPORTS) if ONE else QUICK_TRANSPORTS
SCALE = int(os.environ.get("SDIRECT_SCALE", "100"))     # percent
COUNT = os.environ.get("SDIRECT_COUNT",
                       str((50000 if ONE else 2000) * SCALE // 100))
LIMIT = 7200 if ONE else 1800   # seconds for the guest


def groups():
    """Each group's tests, read from its table."""
    found = {}
    for path in sorted(COMPAT.glob("*.c")):
        text = path.read_text()
        names = [match[1] for match in TEST.finditer(text)
                 if ONE or "COMPAT_SLOW" not in match[2]]
        if "compat_tests[]" in text and names and \
                path.stem in CHOSEN_GROUPS:
            found[path.stem] = names
    return found


GROUPS = groups()
CASES = [(group, f"{transport}.{name}")
         for group, names in GROUPS.items()
         for transport in CHOSEN for name in names]
CASES += [("random", f"random.{transport}") for transport in RANDOM
          if "random" in CHOSEN_GROUPS]


def in_guest(build):
    return [COMPAT / "run.py", module(build),
            COUNT if "random" in CHOSEN_GROUPS else "0",
            ",".join([f"transport={name}" for name in CHOSEN] +
                     (["all"] if ONE else [])), *GROUPS]


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    conftest.make("-C", "selftests/compat")
    yield from running(build, "compare", in_guest(build),
                       conftest.teller(request.config), LIMIT * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("group, case", CASES)
def test_same_as_tcp(run, group, case):
    run.must_pass(group, case)


@pytest.mark.guest
def test_compat_log(run):
    """Nothing in the kernel's log, no test but those that are listed."""
    run.must_end(CASES)
