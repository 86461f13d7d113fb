# SPDX-License-Identifier: GPL-2.0-only
"""The checks that a mutant may name: those of make check and its like.

All are commands in the root of the tree that is checked, and fail when they
find something.
"""
import os
import signal
import subprocess
import time

import mutant

LIMIT = 1500            # seconds for one check, its build included
BEAT = 15               # seconds between two signs of life
PYTEST = ("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
          "--tb=short", "-rfE")
# A check that is not done must not look like one that finds nothing.
ENV = {"SDIRECT_DEBUG_KERNEL": "1"}
# Each case of a program has its turn, and it is the same one next time.
TORTURE = {"SDIRECT_SECONDS": "15", "SDIRECT_SEED": "1"}
# What would make it another check.
STRANGE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTEST_ADDOPTS")
DEBUG = {"SDIRECT_KERNEL": "debug", "SDIRECT_TIME": "4", "SDIRECT_SCALE": "25"}


def lint(words):
    return ["tools/lint/run", *words], {}


def native(words):
    argv = [*PYTEST, "selftests/test_native.py"]
    return argv + (["-k", " or ".join(words)] if words else []), {}


def kunit(_words):
    return [*PYTEST, "selftests/test_kunit.py"], {}


def torture(words):
    here = "selftests/test_torture.py"
    return [*PYTEST, f"{here}::test_torture", f"{here}::test_torture_log"], \
        dict(TORTURE, **{"SDIRECT_TORTURE": " ".join(words)} if words else {})


def net(words):
    """With the guest's log, which is a test of its own."""
    program = f"{words[0]}.c"
    return [*PYTEST, f"selftests/net/{program}", "selftests/guest", "-k",
            " or ".join([*(words[1:] or [program]), "kernel_log"])], {}


def net_debug(words):
    return net(words)[0], DEBUG


def judge(words):
    return [*PYTEST, "selftests/test_judge.py"], \
        {"SDIRECT_JUDGE": " ".join(words)}


KINDS = {
    "lint": (lint, "NAME: one of tools/lint/run --list"),
    "native": (native, "[NAME...]: unit tests of the ring and the library"),
    "kunit": (kunit, "unit tests of the module, on the debug kernel"),
    "torture": (torture, "[death|hostile|fuzz|races...]: and what these leave"),
    "judge": (judge, "[NAME...]: cases of the policy, over netlink"),
    "net": (net, "PROGRAM [NAME...]: socket tests, those that have NAME"),
    "net-debug": (net_debug, "PROGRAM [NAME...]: the same on the debug kernel"),
}
NEEDS_WORDS = ("lint", "net", "net-debug")


def command(check):
    """What to run for a check as a header names it, and its environment."""
    kind, *words = check.split()
    if kind not in KINDS:
        raise mutant.Wrong(f"no such check: {check} (there are "
                           f"{', '.join(KINDS)})")
    if kind in NEEDS_WORDS and not words:
        raise mutant.Wrong(f"{check} needs more: {KINDS[kind][1]}")
    return KINDS[kind][0](words)


def last_line(path):
    lines = path.read_text(errors="replace").splitlines() or [""]
    return lines[-1][:70]


def end(process):
    """The check, and what it started: it leads a group of its own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(30)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass


def follow(check, root, build, log, say):
    """Runs it; its status, or None if it took too long."""
    argv, more = command(check)
    env = {key: value for key, value in os.environ.items()
           if key not in STRANGE and not key.startswith("SDIRECT_")}
    env.update(ENV, BUILD=str(build), **more)
    begin = time.monotonic()
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(argv, cwd=root, env=env, stdout=out,
                                   stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            while time.monotonic() < begin + LIMIT:
                try:
                    return process.wait(BEAT)
                except subprocess.TimeoutExpired:
                    say(f"    {time.monotonic() - begin:4.0f} s  "
                        f"{last_line(log)}")
            return None
        finally:
            if process.poll() is None:
                end(process)
