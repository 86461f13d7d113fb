# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel log that mean that something went wrong."""
import re

# Words as the kernel prints them.  A letter in front makes it another word:
# DEBUG, kmemleak (whose findings are "suspected memory leaks").
BAD = re.compile(
    r"(?<![A-Za-z])(BUG|WARNING|Oops|refcount|leak)"
    r"|UBSAN:|general protection fault|Kernel panic"
    # Lockdep, RCU and the like, whose first line may have gone by.
    r"|ODEBUG:|INFO: (possible|trying to register)|suspicious RCU usage"
    r"|possible (recursive|circular|irq lock|deadlock)|inconsistent lock state"
    r"|Turning off the locking correctness"
    r"|(list_(add|del)|memory) corruption|refcount_t:"
    r"|detected stalls|self-detected stall|blocked for more than")
# What an unharmed kernel says too.
HARMLESS = re.compile(
    r"Kernel memory leak detector (initialized|disabled)"
    r"|(Spectre V2 |RETBleed): WARNING: .*data leaks possible"
    r"|Kernel command line:")

# A report of KCSAN is a block, in which each access has its own trace.
RACE = re.compile(r"BUG: KCSAN: ")
RACE_END = re.compile(r"={60}")
ACCESS = re.compile(r"(race at|by (task|interrupt)).* on cpu \d+:")
OURS = re.compile(r"\[sdirect\w*\]")
# Called to read or write what the caller names: the access is the caller's.
HELPER = re.compile(r"\b_*(copy_|mem(cpy|move|set|cmp)|csum_|copyin|copyout)")


def races_elsewhere(lines):
    """The indices of lines that begin reports in which no access is ours.

    The kernel has data races of its own; ours are those in our functions and
    in what these call only to copy.
    """
    found, begin, ours, top = set(), None, False, False
    for index, line in enumerate(lines):
        if RACE.search(line):
            begin, ours, top = index, False, False
        elif begin is None:
            continue
        elif RACE_END.search(line):
            if not ours:
                found.add(begin)
            begin = None
        elif ACCESS.search(line):
            top = True
        elif top and not HELPER.search(line):
            ours, top = ours or bool(OURS.search(line)), False
    return found


def bad_lines(*logs):
    """The bad lines of all logs, each once, in the order of the first."""
    found = {}
    for log in logs:
        lines = log.splitlines()
        harmless = races_elsewhere(lines)
        for index, line in enumerate(lines):
            if index not in harmless and BAD.search(line) and \
                    not HARMLESS.search(line):
                found.setdefault(line.strip())
    return list(found)
