#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest: the torture programs, and what must be true behind them.

run.py MODULE PROGRAM... prints what the programs print, and for each of them,
and for each check that follows, "@@ passed NAME" or "@@ failed NAME".  PROGRAM
may be a replay line, with its options.
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests/guest"))
sys.dont_write_bytecode = True

import kmemleak  # noqa: E402

BUILD = pathlib.Path(os.environ["SDIRECT_BUILD"])
REFCOUNT = pathlib.Path("/sys/module/sdirect/refcnt")
GROUPS = pathlib.Path("/sys/fs/cgroup")
GROUP = GROUPS / "torture"
PATIENCE = 30           # seconds for what is freed a little later
# Uncharged by and by: each CPU keeps some pages.
SLACK = 2 << 20
EXTRA = 600             # seconds beyond the time that a program takes itself


def mark(*words):
    print("@@", *words, flush=True)


def sdirect(word):
    done = subprocess.run([BUILD / "sdirect", word, "--json"], check=True,
                          capture_output=True, timeout=60)
    return json.loads(done.stdout)


def eventually(what, condition):
    """What is let go of in the background gets some time."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, what()
        time.sleep(0.1)
    return value


def torture(program, seconds):
    """In a group of its own, so that what it leaves behind can be seen."""
    name, *options = program
    argv = [BUILD / "selftests/torture" / name, "--seconds", str(seconds)]
    if seed := os.environ.get("SDIRECT_SEED"):
        argv += ["--seed", seed]
    argv += options
    done = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT,
                          timeout=seconds + EXTRA, preexec_fn=enter_group)
    assert done.returncode == 0, f"{name}: status {done.returncode}"


def enter_group():
    (GROUP / "cgroup.procs").write_text("0")


def no_connections_are_left():
    eventually(lambda: str(sdirect("list")), lambda: sdirect("list") == [])


def module_is_not_held():
    eventually(lambda: f"references: {REFCOUNT.read_text()}",
               lambda: REFCOUNT.read_text().strip() == "0")


def leases_were_taken_back():
    stat = sdirect("stat")
    assert stat["leases"] == stat["revokes"], stat


def kernel_memory():
    """Pages charged to the group that are no objects of slabs."""
    rows = (GROUP / "memory.stat").read_text().split("\n")
    stat = {key: int(value) for key, value in
            (row.split() for row in rows if row)}
    return stat["kernel"] - stat["slab"] - stat["percpu"]


def no_pages_are_left():
    eventually(lambda: f"{kernel_memory()} bytes are still charged",
               lambda: kernel_memory() < SLACK)


def no_leaks_are_found():
    """On a kernel that looks for them."""
    leaks = kmemleak.leaks() if kmemleak.available() else ""
    assert not leaks, leaks


def unload():
    subprocess.run(["rmmod", "sdirect"], check=True, timeout=60)


CHECKS = (no_connections_are_left, module_is_not_held, leases_were_taken_back,
          no_pages_are_left, unload, no_leaks_are_found)


def attempt(name, function, *args):
    mark("case", name)
    try:
        function(*args)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"# {name}: {error!r}", flush=True)
        mark("failed", name)
        return False
    mark("passed", name)
    return True


def main():
    module, *programs = sys.argv[1:]
    programs = [shlex.split(program) for program in programs]
    mark("section", "torture")
    seconds = int(os.environ.get("SDIRECT_SECONDS", "4"))
    (GROUPS / "cgroup.subtree_control").write_text("+memory")
    GROUP.mkdir()
    subprocess.run(["insmod", module], check=True, timeout=60)
    os.environ["SDIRECT_MODULE"] = module
    results = [attempt(program[0], torture, program, seconds)
               for program in programs]
    results += [attempt(check.__name__, check) for check in CHECKS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
