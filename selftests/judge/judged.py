#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in a guest: policies that are pushed, asked, changed and attacked."""
import os
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True

import rulings  # noqa: E402
import world  # noqa: E402


def mark(*words):
    print("@@", *words, flush=True)


def run_case(name, case):
    mark("case", name)
    try:
        try:
            case()
        finally:
            world.clean_up()
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        mark("failed", repr(error))
    else:
        mark("passed", name)


def main():
    subprocess.run(["insmod", os.environ.get(
        "SDIRECT_MODULE", world.TOP / "sdirect.ko")], check=True)
    mark("section", "judge")
    for name in sys.argv[1:] or rulings.CASES:
        run_case(name, rulings.CASES[name])
    subprocess.run(["rmmod", "sdirect"], check=True)


if __name__ == "__main__":
    main()
