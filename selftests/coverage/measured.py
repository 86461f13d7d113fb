# SPDX-License-Identifier: GPL-2.0-only
"""What is run to see which lines it executes.

A stage is a command, on this machine or in a guest of its own with the debug
kernel; each writes its counters below a directory of its name.
"""
import json
import sys
from pathlib import Path
from typing import Callable, NamedTuple

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "guest")]

import cases  # noqa: E402
import plan  # noqa: E402
from test_kunit import GUEST as KUNIT  # noqa: E402
from test_native import RING  # noqa: E402
from test_torture import PROGRAMS  # noqa: E402

# Here it matters what is reached, not how often.
ENV = {"SDIRECT_SCALE": "5", "SDIRECT_TIME": "6", "SDIRECT_SECONDS": "30"}
PROGRAM_LIMIT = 1200    # seconds for one program of the guest


class Stage(NamedTuple):
    name: str
    why: str
    limit: int          # seconds; 0: it needs no guest
    command: Callable   # of the directory of what was built
    replay: str


def native(out):
    user = out / "user"
    units = [f"{user}/selftests/native/{name}-plain" for name in RING]
    units += [f"{user}/lib-test", f"{user}/sdirect-check",
              f"python3 {TOP}/tools/sdirect/test/usage.py {user}/sdirect",
              f"BUILD={user} {sys.executable} -m pytest -q {HERE.parent}/"
              "test_build.py -k 'of_tools or unknown_option'"]
    return ["sh", "-ec", "\n".join(units)]


# What failed is in the log of the kernel alone.
KUNIT_FAILED = "dmesg -t | grep '^ *not ok' && exit 1\nexit 0\n"


def kunit(out):
    return ["sh", "-c", KUNIT + KUNIT_FAILED, "sh", out / "kunit/sdirect_kunit.ko"]


def case_steps(stage):
    return [{"section": stage, "case": function.__name__}
            for function in cases.STAGES[stage]]


def net_step(out, mode, program, variants):
    argv = [out / "user/selftests/net" / program, "-v", ",".join(variants)]
    env = {"SDIRECT_EXPECT": "1"}
    if mode == "shim":
        argv[:0] = [out / "user/sdirect-run", "--require"]
        env["SDIRECT_SHIM"] = "1"
    return {"section": f"{mode} {program}", "argv": list(map(str, argv)),
            "env": env, "limit": PROGRAM_LIMIT}


def net_steps(out):
    """Each program in each mode, with the variants that it has."""
    for mode, variants in plan.GUEST_MODES:
        for program in plan.programs():
            has = {test.variant
                   for test in plan.tests(plan.NET / f"{program}.c")}
            if chosen := [name for name in variants if name in has]:
                yield net_step(out, mode, program, chosen)


def net(out):
    steps = out / "steps.json"
    steps.write_text(json.dumps(
        case_steps("before") + case_steps("loaded") + list(net_steps(out)) +
        case_steps("after")))
    return [HERE.parent / "guest/run.py", steps]


def torture(out):
    return [HERE.parent / "torture/run.py", out / "module/sdirect.ko",
            *PROGRAMS]


STAGES = (
    Stage("native", "what needs no module", 0, native,
          "python3 -m pytest selftests/test_native.py"),
    Stage("kunit", "unit tests of the module", 900, kunit,
          "SDIRECT_DEBUG_KERNEL=1 python3 -m pytest selftests/test_kunit.py"),
    Stage("net", "socket tests, plain and under the shim", 3600, net,
          "SDIRECT_KERNEL=debug SDIRECT_TIME=4 python3 -m pytest "
          "selftests/net selftests/guest"),
    Stage("torture", "death, lies, random calls, races", 1800, torture,
          "SDIRECT_KERNEL=debug SDIRECT_TIME=4 python3 -m pytest "
          "selftests/test_torture.py"),
)
