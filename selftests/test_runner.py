# SPDX-License-Identifier: GPL-2.0-only
"""The runner says what is wrong, and how the command ended."""
import subprocess

import pytest

import plan

RUN = plan.TOP / "tools/vm/run"


def vm(*argv, timeout=150):
    return subprocess.run([RUN, *argv], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=timeout,
                          check=False)


@pytest.mark.parametrize("argv", [
    ("--no-such-option", "true"), (), ("--cpus", "many", "true"),
    ("--share", "/no/such/directory", "true"),
    ("--env", "not an assignment", "true"), ("--wire", "one", "true"),
], ids=" ".join)
def test_wrong_usage(argv):
    done = vm(*argv)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_unknown_kernel():
    done = vm("--kernel", "0.0.0-none", "true")
    assert done.returncode == 125 and "0.0.0-none" in done.stderr


def test_status_and_output():
    done = vm("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout) == (7, "out\n"), done.stderr
    assert "err\n" in done.stderr


def test_bad_log_is_seen():
    done = vm("--check-log", "sh", "-c",
              "echo 'BUG: a test of the runner' > /dev/kmsg")
    assert done.returncode == 126, done.stderr
    assert "a test of the runner" in done.stderr
