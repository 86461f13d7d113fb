#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads both modules on a wire between two soft RoCE devices, runs the cases.

Needs root and a machine of its own: tools/vm/run selftests/rdma/rdma.py [CASE...]
"""
import os
import pathlib
import sys
import traceback

sys.dont_write_bytecode = True

import hosts            # noqa: E402
import rdma_cases       # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MODULE = pathlib.Path(os.environ.get("SDIRECT_MODULE",
                                     HERE.parents[1] / "sdirect.ko"))


def mark(*words):
    print("@@", *words, flush=True)


def case(function):
    """True if it has passed."""
    mark("case", function.__name__)
    try:
        function()
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        mark("failed", repr(error))
        return False
    mark("passed", function.__name__)
    return True


def load():
    hosts.run("insmod", MODULE, "apart=1")
    hosts.run("insmod", MODULE.with_name("sdirect_rdma.ko"))
    rdma_cases.SOFT.write_text("1")


def unload():
    """Both go once the last connection has been taken apart."""
    hosts.until("idle", lambda: not hosts.run("rmmod", "sdirect_rdma",
                                              status=None).returncode)
    hosts.until("idle", lambda: not hosts.run("rmmod", "sdirect",
                                              status=None).returncode)


def main():
    chosen = sys.argv[1:]
    hosts.run(HERE / "wire.sh")
    mark("section", "rdma")
    done = [case(load)]
    done += [case(each) for each in rdma_cases.CASES
             if not chosen or each.__name__ in chosen]
    done.append(case(unload))
    return not all(done)


if __name__ == "__main__":
    sys.exit(main())
