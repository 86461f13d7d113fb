#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest: every comparison with TCP.

run.py MODULE COUNT OPTION,... [GROUP...]: with these options of compare.py, and
COUNT random sequences on each transport.
"""
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def section(name, program, *words):
    print(f"@@ section {name}", flush=True)
    return subprocess.run([HERE / program, *words], check=False,
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT).returncode


def main():
    module, count, groups = sys.argv[1], int(sys.argv[2]), sys.argv[4:]
    chosen = [f"--{word}" for word in sys.argv[3].split(",")]
    subprocess.run(["insmod", module], check=True, timeout=60)
    bad = [section(group, "compare.py", *chosen, group) for group in groups]
    if count:
        bad.append(section("random", "differ.py", "--count", str(count)))
    subprocess.run(["rmmod", "sdirect"], check=True, timeout=60)
    return 1 if any(bad) else 0


if __name__ == "__main__":
    sys.exit(main())
