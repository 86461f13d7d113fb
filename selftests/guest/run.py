#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest: the steps of a JSON file, one after the other.

A step is {"section": NAME, "case": FUNCTION} or {"section": NAME, "argv": [],
"env": {}, "limit": SECONDS}.  The output is described in ../guestrun.py.
"""
import json
import os
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True

import cases  # noqa: E402


def mark(*words):
    print("@@", *words, flush=True)


def run_case(name):
    mark("case", name)
    try:
        getattr(cases, name)()
    except cases.Skip as why:
        mark("skipped", why)
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        mark("failed", repr(error))
    else:
        mark("passed", name)


def run_program(step):
    env = dict(os.environ, **step["env"])
    try:
        subprocess.run(step["argv"], env=env, stdin=subprocess.DEVNULL,
                       stderr=subprocess.STDOUT, timeout=step["limit"],
                       check=False)
    except subprocess.TimeoutExpired:
        print(f"time limit of {step['limit']} s reached", flush=True)


def main():
    section = None
    with open(sys.argv[1], encoding="utf-8") as file:
        steps = json.load(file)
    for step in steps:
        if step["section"] != section:
            section = step["section"]
            mark("section", section)
        if "case" in step:
            run_case(step["case"])
        else:
            run_program(step)


if __name__ == "__main__":
    main()
