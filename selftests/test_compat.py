# SPDX-License-Identifier: GPL-2.0-only
"""What calls do on AF_SDIRECT and under the shim, compared with TCP.

The quick groups, on rings, unless SDIRECT_COMPAT is all.  SDIRECT_COUNT says
how many random sequences each transport makes, SDIRECT_SEED where they begin.
"""
import os
import re
import sys

import pytest

import conftest
import plan
from guestrun import SLOWER, Guest, module

COMPAT = plan.TOP / "selftests" / "compat"
sys.path.insert(0, str(COMPAT))

from compare import TRANSPORTS  # noqa: E402
from differ import TRANSPORTS as RANDOM  # noqa: E402

TEST = re.compile(r"^\tCOMPAT(?:_WITH)?\((\w+)(?:, .*COMPAT_SLOW)?", re.M)
SLOW = re.compile(r"COMPAT_SLOW")
ALL = os.environ.get("SDIRECT_COMPAT") == "all"
QUICK_GROUPS = ("connect", "data", "epoll", "files", "flags", "ready")
QUICK_TRANSPORTS = ("direct_warm", "shim_warm")
LIMIT = 4500 if ALL else 1200   # seconds for the guest


def groups():
    """Each group's fast tests, read from its table."""
    found = {}
    for path in sorted(COMPAT.glob("*.c")):
        text = path.read_text()
        names = [match[1] for match in TEST.finditer(text)
                 if not SLOW.search(match[0])]
        if "compat_tests[]" in text and names and \
                (ALL or path.stem in QUICK_GROUPS):
            found[path.stem] = names
    return found


GROUPS = groups()
CHOSEN = tuple(TRANSPORTS) if ALL else QUICK_TRANSPORTS
CASES = [(group, f"{transport}.{name}")
         for group, names in GROUPS.items()
         for transport in CHOSEN for name in names]
CASES += [("random", f"random.{transport}") for transport in RANDOM]


def in_guest(build):
    return [COMPAT / "run.py", module(build),
            os.environ.get("SDIRECT_COUNT", "2000" if ALL else "300"),
            ",".join(CHOSEN), *GROUPS]


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    conftest.make("-C", "selftests/compat")
    guest = Guest(build, "compare", in_guest(build),
                  conftest.teller(request.config), LIMIT * SLOWER)
    yield guest
    guest.stop()


@pytest.mark.guest
@pytest.mark.parametrize("group, case", CASES)
def test_same_as_tcp(run, group, case):
    result = run.result(group, case)
    assert result, "\n".join(run.tail)
    assert result.outcome == "passed", "\n".join(result.lines)


@pytest.mark.guest
def test_compat_log(run):
    """Nothing in the kernel's log, no test but those that are listed."""
    assert run.finish() in (0, 1), "\n".join(run.tail)
    assert set(run.output.results) == set(CASES), run.tail
