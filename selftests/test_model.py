# SPDX-License-Identifier: GPL-2.0-only
"""The protocols as models: each holds, and each mutant of it does not.

model/README says what is proved.  A failure prints
the end of the trace and the command that shows all of it.
"""
import pathlib
import re
import shutil
import subprocess

import pytest

MODELS = pathlib.Path(__file__).parent / "model"
LIMIT = 180             # seconds for one search; the longest takes 40
MEMORY = 2000           # megabytes
DEPTH = 1000000
TRACE_LINES = 60

HOLDS = [
    # one consumer, then two on one want word
    ("wake", "TOTAL=6"),
    ("wake", "READER0=EDGE TOTAL=6"),
    ("wake", "READER0=EDGE WRITER=EDGE TOTAL=6"),
    ("wake", "READER0=POLLING LOWAT=2"),
    ("wake", "READER1=BLOCKING TOTAL=5"),
    ("wake", "READER1=EDGE"),
    ("wake", "READER1=BLOCKING WRITER=EDGE"),
    ("wake", "READER0=EDGE READER1=BLOCKING"),
    ("wake", "READER0=EDGE READER1=EDGE"),
    ("wake", "READER0=POLLING READER1=EDGE"),
    ("lease", ""),
    ("lease", "OTHER_THREAD"),
    ("lease", "OTHER_HOLDER"),
    ("lease", "OTHER_THREAD OTHER_HOLDER PLAIN=1"),
    ("lease", "RECEIVE OTHER_THREAD"),
    ("lease", "RECEIVE OTHER_HOLDER"),
    ("lease", "RECEIVE OTHER_THREAD OTHER_HOLDER PLAIN=1"),
    ("set", "TOTAL=4"),
    ("set", "OTHER"),
    ("set", "OTHER CTL_MOD"),
    ("set", "OTHER CTL_DEL"),
    ("seal", "TOTAL=4"),
    ("seal", "SEGS=5"),
    ("seal", "OTHER=2 TOTAL=2"),
]

STUCK = "invalid end state"
WRONG = "assertion violated"

# What is taken out, where that shows, and how.
FAILS = [
    ("wake", "NO_E", "", STUCK),
    ("wake", "NO_F", "", STUCK),
    ("wake", "NO_E_HEAD", "TOTAL=5", STUCK),
    ("wake", "NO_CAS", "READER1=BLOCKING", STUCK),
    ("wake", "ONE_LOOK", "", STUCK),
    ("wake", "ONE_LOOK_TX", "TOTAL=5", STUCK),
    ("wake", "EDGE", "READER0=EDGE", STUCK),
    ("wake", "TRIES", "READER0=EDGE READER1=BLOCKING", STUCK),
    ("wake", "STEAL", "READER1=EDGE", STUCK),
    ("wake", "LOWAT", "READER0=POLLING LOWAT=2", STUCK),
    ("wake", "WRITE_UNARMED", "WRITER=EDGE TOTAL=5", STUCK),
    ("lease", "NO_BARRIER", "", WRONG),
    ("lease", "ONE_ZAP", "", WRONG),
    ("lease", "UNLOCKED_ZAP", "OTHER_THREAD", WRONG),
    ("lease", "UNLOCKED_ZAP", "OTHER_THREAD RECEIVE", WRONG),
    ("lease", "NOT_OWED", "OTHER_HOLDER", WRONG),
    ("lease", "NOT_OWED", "OTHER_HOLDER RECEIVE", WRONG),
    ("lease", "NO_SETTLE", "", WRONG),
    ("lease", "NO_SETTLE", "RECEIVE", WRONG),
    ("lease", "NO_BELL", "", WRONG),
    ("lease", "NO_BOUND", "", STUCK),
    ("lease", "NO_LOOK", "", WRONG),
    ("lease", "NO_LOOK", "RECEIVE", WRONG),
    ("lease", "EARLY_LOOK", "", WRONG),
    ("lease", "MARK_STAYS", "", WRONG),
    ("set", "NO_E", "", STUCK),
    ("set", "NO_F", "", STUCK),
    ("set", "ONE_LOOK", "", STUCK),
    ("set", "RUNG", "OTHER", STUCK),
    ("set", "SAME_NUMBER", "", STUCK),
    ("set", "SHARED_NUMBER", "OTHER CTL_MOD", STUCK),
    ("set", "SHARED_NUMBER", "OTHER CTL_DEL", STUCK),
    ("seal", "STALE_END", "", WRONG),
    ("seal", "ONE_LOOK", "", WRONG),
    ("seal", "NO_TAIL", "", WRONG),
    ("seal", "NO_LIMIT", "", WRONG),
    ("seal", "UNLOCKED", "", WRONG),
    ("seal", "NO_WAKE", "", STUCK),
    ("seal", "COUNT_TWICE", "", WRONG),
    ("seal", "NO_WAY_BACK", "", WRONG),
]


def run(argv, where):
    return subprocess.run(argv, cwd=where, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


def built(argv, where):
    done = run(argv, where)
    assert done.returncode == 0, f"{' '.join(argv)}:\n{done.stdout}"


def search(where, model, words):
    """What the search through all states says."""
    defines = ["-D" + word for word in words.split()]
    shutil.copy(MODELS / f"{model}.pml", where)
    built(["spin", "-a", *defines, f"{model}.pml"], where)
    built(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048",
           f"-DMEMLIM={MEMORY}", "-o", "pan", "pan.c"], where)
    done = run(["./pan", f"-m{DEPTH}"], where)
    assert "errors:" in done.stdout, done.stdout
    return done.stdout


def trace(where, model, words):
    """The end of the way to the error, and how to see all of it."""
    defines = ["-D" + word for word in words.split()]
    argv = ["spin", "-t", "-p", "-g", *defines, f"{model}.pml"]
    lines = run(argv, where).stdout.splitlines()[-TRACE_LINES:]
    return "\n".join([f"replay: cd {where} && {' '.join(argv)}"] + lines)


@pytest.mark.parametrize("model,words", HOLDS)
def test_holds(tmp_path, model, words):
    out = search(tmp_path, model, words)
    # A search that was cut short proves nothing.
    for bad in ("max search depth too small", "reached -DMEMLIM", "aborted"):
        assert bad not in out, out
    if "errors: 0" not in out:
        pytest.fail(out + trace(tmp_path, model, words), pytrace=False)
    print(re.search(r"\d+ states, stored", out)[0])


@pytest.mark.parametrize("model,mutant,words,how", FAILS)
def test_mutant_is_caught(tmp_path, model, mutant, words, how):
    name = f"MUTANT_{mutant}"
    assert name in (MODELS / f"{model}.pml").read_text()
    out = search(tmp_path, model, f"{words} {name}")
    assert "errors: 1" in out and how in out, out


def test_every_mutant_is_tried():
    for path in MODELS.glob("*.pml"):
        known = set(re.findall(r"\bMUTANT_(\w+)", path.read_text()))
        assert known == {m for model, m, _, _ in FAILS if model == path.stem}
