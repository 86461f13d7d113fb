#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""agree.py JUDGE [CASES [SEED]]: sdirectd's engine against the reference.

Random policies and connections; both must name the same rule for each.  A
difference prints the policy's seed and the case, and stops.
"""
import datetime
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import generate
import reference

PER_POLICY = 150
# Rules, and how likely one asks for a field: many that ask little are decided
# early, many that ask much never.  Wide ones overlap.
SIZES = ((1, .1, False), (5, .1, False), (12, .15, False), (30, .1, False),
         (60, .12, False), (150, .15, False), (400, .2, False),
         (300, .35, True))


def ask(judge, path, now, cases):
    lines = ["\t".join([*ends[0], *ends[1], str(carrier)])
             for ends, carrier in cases]
    done = subprocess.run([judge, path, str(now)], text=True, timeout=300,
                          input="\n".join(lines) + "\n", capture_output=True,
                          env=dict(os.environ, TZ="UTC"), check=False)
    if done.returncode:
        raise SystemExit(f"{judge} ended with {done.returncode}:\n"
                         f"{done.stderr}")
    return [int(word) for word in done.stdout.split()]


def compare(judge, directory, seed, count, seen):
    rng = generate.seeded(seed)
    size, chance, wide = rng.choice(SIZES)
    path = Path(directory, "policy.conf")
    path.write_text(generate.policy(rng, size, chance, wide))
    now = generate.moment(rng)
    local = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    cases = [generate.case(rng) for _ in range(count)]
    rules = reference.rules(path)
    answers = ask(judge, path, now, cases)
    assert len(rules) >= size and len(answers) == count
    for (ends, carrier), answer in zip(cases, answers):
        right = reference.decide(rules, ends, carrier,
                                 local.replace(tzinfo=None))
        seen["none" if not right else "rule"] += 1
        if right != answer:
            print(path.read_text())
            raise SystemExit(f"seed {seed}, at {local}: rule {answer} instead "
                             f"of {right} for {ends} by carrier {carrier}")


def main():
    judge = sys.argv[1]
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    seen, done = Counter(), 0
    with tempfile.TemporaryDirectory() as directory:
        while done < total:
            count = min(PER_POLICY, total - done)
            compare(judge, directory, seed, count, seen)
            done += count
            seed += 1
    print(f"{done} cases agree, {seen['rule']} of them decided by a rule")


if __name__ == "__main__":
    main()
