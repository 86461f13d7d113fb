# SPDX-License-Identifier: GPL-2.0-only
"""Asks kmemleak, on a kernel that has it, what nobody refers to any more."""
import pathlib
import time

FILE = pathlib.Path("/sys/kernel/debug/kmemleak")
# What is younger than 5 seconds is not reported: it may be in a register.
AGE = 6


def available():
    return FILE.exists()


def leaks():
    """The report; an object is in it that two scans have not found."""
    time.sleep(AGE)
    for _ in range(2):
        FILE.write_text("scan")
    return FILE.read_text()
