#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads both modules, runs the cases of network namespaces.

Needs root and a machine of its own:
tools/vm/run selftests/rdma/spaces_run.py [--rxe] [CASE...]
"""
import sys

sys.dont_write_bytecode = True

import hosts            # noqa: E402
import rdma             # noqa: E402
import space_cases      # noqa: E402


def main():
    chosen = sys.argv[1:]
    cases = space_cases.CASES
    hosts.run("modprobe", "rdma_cm")
    hosts.run("ip", "link", "set", "lo", "up")
    if "--rxe" in chosen:
        chosen.remove("--rxe")
        cases += space_cases.RXE_CASES
        hosts.run("modprobe", "rdma_rxe")
    rdma.mark("section", "spaces")
    done = [rdma.case(rdma.load)]
    done += [rdma.case(each) for each in cases
             if not chosen or each.__name__ in chosen]
    done.append(rdma.case(rdma.unload))
    return not all(done)


if __name__ == "__main__":
    sys.exit(main())
