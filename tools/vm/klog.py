# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel log that mean that something went wrong."""
import re

# Words as the kernel prints them.  A letter in front makes it another word:
# DEBUG, kmemleak.
BAD = re.compile(
    r"(?<![A-Za-z])(BUG|WARNING|Oops|refcount|leak)"
    r"|UBSAN:|general protection fault|Kernel panic"
    r"|detected stalls|self-detected stall|blocked for more than")
# What an unharmed kernel says too.
HARMLESS = re.compile(
    r"Kernel memory leak detector (initialized|disabled)"
    r"|(Spectre V2 |RETBleed): WARNING: .*data leaks possible"
    r"|Kernel command line:")


def bad_lines(*logs):
    """The bad lines of all logs, each once, in the order of the first."""
    found = {}
    for log in logs:
        for line in log.splitlines():
            if BAD.search(line) and not HARMLESS.search(line):
                found.setdefault(line.strip())
    return list(found)
