# SPDX-License-Identifier: GPL-2.0-only
"""The policy of sdirectd: its language and its decisions, without a module.

SDIRECT_POLICY_CASES says how many random connections are compared with the
reference, SDIRECT_POLICY_SECONDS how long the parser is fuzzed.
"""
import os
import re
import subprocess
import sys

import pytest

import plan

POLICY = plan.TOP / "selftests/policy"
SOURCE = plan.TOP / "tools/sdirectd"
LIMIT = 900
CASES = int(os.environ.get("SDIRECT_POLICY_CASES", "20000"))

sys.path.insert(0, str(POLICY))

import corpus  # noqa: E402


def run(argv, **options):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=LIMIT,
                          check=False, **options)
    print(done.stdout[-4000:])
    return done


def make(build, target, *more):
    done = run(["make", "-s", "-C", SOURCE, f"BUILD={build}", target, *more])
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def judge(build):
    make(build, build / "sdirectd-judge")
    return build / "sdirectd-judge"


def differ(judge, cases, seed=1):
    return run([sys.executable, POLICY / "differ.py", judge, cases, seed])


def test_policy_agrees_with_reference(judge):
    done = differ(judge, CASES)
    assert done.returncode == 0
    found = re.search(r"(\d+) cases agree, (\d+) of them", done.stdout)
    # Neither do all match, nor none: then nothing would have been compared.
    assert int(found[1]) == CASES
    assert CASES / 3 < int(found[2]) < CASES


# What it replaces, once, in which file, by what.
FAULTS = {
    "last_of_range": ("ranges.c", "if (set->v[middle].last < value)",
                      "if (set->v[middle].last <= value)"),
    "range_ends_early": ("tree.c", "range->last + 1 ? bound_index(s, range->last + 1)",
                         "range->last + 1 ? bound_index(s, range->last)"),
    "wild_forgotten": ("engine.c", "	visit(q, node->wild);\n", ""),
    "last_match_wins": ("engine.c", "node->rule[i] < q->best", "true"),
    "pruned_too_much": ("engine.c", "node->least >= q->best",
                        "node->least + 1 >= q->best"),
    "star_crosses_slash": ("globs.c", "if (*text == '/')\n				continue;",
                           ""),
    "not_below": ("policy.c", "i == PATTERN_CGROUP", "false"),
    "inverted_forgotten": ("match.c", " != set->inverted", ""),
    "unknown_matches_not": ("match.c", "if (!(end->known & 1 << set->field))",
                            "if (!(end->known & 1 << set->field) && "
                            "!set->inverted)"),
    "midnight": ("when.c", "minute >= when->begin || minute < when->end",
                 "minute >= when->begin && minute < when->end"),
    "until_is_short": ("when.c", "read.tm_mday++", "read.tm_mday += 0"),
    "mapped_in_ipv6": ("items.c", "!is_address(set->field) ||", "true ||"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_policy_fault_is_found(fault, build, tmp_path):
    """What compares the decisions sees each of these mistakes."""
    name, right, wrong = FAULTS[fault]
    for path in SOURCE.rglob("*"):
        if path.is_file():
            copy = tmp_path / "tools/sdirectd" / path.relative_to(SOURCE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "uapi").symlink_to(plan.TOP / "uapi")
    path = tmp_path / "tools/sdirectd" / name
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    done = run(["make", "-s", "-C", path.parent, f"BUILD={tmp_path}", "CFLAGS=-O1",
                tmp_path / "sdirectd-judge"])
    assert done.returncode == 0, done.stdout
    done = differ(tmp_path / "sdirectd-judge", 20000)
    assert done.returncode and "instead of" in done.stdout


def test_policy_corpus(build, tmp_path):
    """What the fuzzer has found once: no sanitizer may complain."""
    make(build, build / "sdirectd-fuzz")
    assert corpus.unpack(tmp_path) > 100
    done = run([build / "sdirectd-fuzz", "-runs=0", tmp_path])
    assert done.returncode == 0, done.stdout


def test_policy_fuzz(build):
    """Searches on from there for a while."""
    seconds = os.environ.get("SDIRECT_POLICY_SECONDS", "10")
    make(build, "fuzz", f"FUZZ_ARGS=-max_total_time={seconds}")
    assert not list(build.glob("fuzz-policy-*"))
