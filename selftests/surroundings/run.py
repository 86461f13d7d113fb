#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""sdirect among attackers, administrators and containers; each row is a case.

Needs root and loads the module: tools/vm/run selftests/surroundings/run.py
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
sys.path[1:1] = [str(TOP / each) for each in
                 ("selftests/programs", "selftests/topology", "tools/demo")]

# pylint: disable=wrong-import-position
import administration   # noqa: E402
import attacks          # noqa: E402
import containers       # noqa: E402
import kernel           # noqa: E402
import spaces           # noqa: E402
import watch            # noqa: E402
from rowcases import mark, say      # noqa: E402

SECTIONS = {"attacks": attacks.ROWS, "administration": administration.ROWS,
            "containers": containers.ROWS}
ROW_LIMIT = 90 * int(os.environ.get("SDIRECT_TIME", "1"))


def named():
    """All cases, as (section, name, what finds the reason of a failure)."""
    cases = [(section, row.__name__,
              lambda row=row: outcome(row.__name__, lambda: exercise(row)))
             for section, rows in SECTIONS.items() for row in rows]
    # Faults that are planted: a row that overlooks one is no test.
    return cases + [("faults", f"fault_{row.__name__}",
                     lambda row=row: overlooked(row)) for row in attacks.ROWS]


def exercise(row):
    """Why it has failed, or None."""
    net = spaces.Net()
    try:
        row(net)
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        return f"{type(error).__name__}: {error}"
    finally:
        net.close()
    return None


def outcome(name, work):
    """In a process of its own; nothing of it is left behind."""
    why = watch.reason_of(name, work, ROW_LIMIT, say,
                          [str(BUILD / "sdirect"), "list"])
    spaces.remove_all()
    return why


def without(row):
    """The row with TCP in the place of AF_SDIRECT, in a process of its own."""
    attacks.direct = attacks.plain
    return exercise(row)


def overlooked(row):
    """It must notice that; why it is no test, or None."""
    why = outcome(row.__name__, lambda: without(row))
    return None if why and "Failed" in why else f"what was said is: {why}"


def attempt(name, find):
    """A case; find() says why it has failed, or None."""
    begin = time.monotonic()
    mark("case", name)
    why = find()
    if why:
        say(why)
        say(f"replay: tools/vm/run selftests/surroundings/run.py {name}")
        mark("failed", name)
        return False
    mark("passed", f"{name}, {time.monotonic() - begin:.0f} s")
    return True


def main():
    parser = argparse.ArgumentParser(
        prog="selftests/surroundings/run.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="cases (default: all)")
    options = parser.parse_args()
    watch.adopt()
    good, last = True, None
    with kernel.module(os.path.dirname(MODULE), say):
        for section, name, find in named():
            if options.name and name not in options.name:
                continue
            if section != last:
                mark("section", section)
                last = section
            good &= attempt(name, find)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (kernel.DemoError, subprocess.SubprocessError, OSError) as problem:
        say(f"cannot go on: {problem}")
        sys.exit(2)
