#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does the command say what was wrong with its words?

It needs no module: none of these words has it ask the kernel.  Usage:
usage.py SDIRECT
"""
import subprocess
import sys

# words, exit status, what it must say
CASES = (
    ("stat -a", 2, "stat has no option -a "),
    ("stat --all", 2, "stat has no option --all "),
    ("stat --al", 2, "stat has no option --all "),
    ("stat -jb", 2, "stat has no option -b "),
    ("stat --json -a", 2, "stat has no option -a "),
    ("version --json", 2, "version has no option --json "),
    ("list -x", 2, "invalid option -- 'x'"),
    ("rdma none", 2, 'rdma has no "none" '),
    ("rdma list a", 2, 'unexpected argument "a" '),
    ("rdma pair a b", 2, "rdma pair takes HOST LOCAL REMOTE, or HOST off "),
    ("rdma pair 10.0.0.1 10.0.0.300 10.0.0.2", 2, "an address is expected"),
    ("rdma pair ::1 10.0.0.3 fd00::2", 2, "not both IPv4, or IPv6 "),
    ("rdma pair a off", 2, "an address is expected"),
    ("rdma pair a b c d", 2, "unexpected argument: d "),
    ("list more", 2, "unexpected argument: more "),
    ("help none", 2, "unknown command: none"),
    ("policy", 2, "policy what?"),
    ("policy none", 2, "policy what?"),
    ("policy explain any", 2, "policy what?"),
    ("policy show more", 2, "policy what?"),
    ("policy check a b c d", 2, "unexpected argument: d "),
    ("monitor more", 2, "unexpected argument: more "),
    ("none", 2, "unknown command: none "),
    ("-x", 2, "unknown option: -x "),
    ("--help stat", 2, "unexpected argument: stat "),
    ("", 2, "no command given "),
    ("-h", 0, "usage: sdirect COMMAND"),
    ("stat -h", 0, "usage: sdirect stat"),
    ("list -V", 0, "sdirect "),
)


def main():
    bad = 0
    for words, status, text in CASES:
        done = subprocess.run([sys.argv[1], *words.split()], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False)
        right, other = ((done.stderr, done.stdout) if status else
                        (done.stdout, done.stderr))
        if done.returncode != status or text not in right or other:
            print(f"sdirect {words}: status {done.returncode} instead of "
                  f"{status}, or not '{text}': {done.stdout}{done.stderr}")
            bad += 1
    print(f"usage: {len(CASES) - bad} of {len(CASES)} as they should be")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
