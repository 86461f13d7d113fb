# SPDX-License-Identifier: GPL-2.0-only
"""What make coverage concludes from counters, and what it would run."""
import subprocess
import sys
import tarfile

import pytest

import plan

COVERAGE = plan.TOP / "selftests" / "coverage"
sys.path.insert(0, str(COVERAGE))

import lcovinfo  # noqa: E402
import measured  # noqa: E402
import progress  # noqa: E402

SOURCE = """\
int used(int x)
{
\tif (x)
\t\treturn 1;
\treturn 0;
}
int idle(void)
{
\treturn 2;
}
"""
# What lcov writes, of a line reached, of two that are not, and of idle().
INFO = """\
TN:
SF:{path}
FN:1,used
FN:7,idle.part.0
FNDA:{used},used
FNDA:0,idle.part.0
FNF:2
FNH:1
DA:1,{used}
DA:3,{used}
DA:4,0
DA:5,{used}
DA:7,0
DA:9,0
LF:6
LH:3
end_of_record
"""


@pytest.fixture
def tree(tmp_path):
    for place in ("kmod", "tools/lib/test", "build"):
        (tmp_path / place).mkdir(parents=True)
    for name in ("kmod/a.c", "kmod/a_test.c", "tools/lib/test/b.c"):
        (tmp_path / name).write_text(SOURCE)
    (tmp_path / "build/a.c").symlink_to(tmp_path / "kmod/a.c")
    return tmp_path


def trace_of(tree, *rows):
    trace = lcovinfo.Trace(tree)
    for name, used in rows:
        trace.add(INFO.format(path=tree / name, used=used))
    return trace


def test_what_is_reached(tree):
    trace = trace_of(tree, ("kmod/a.c", 3))
    file = trace.files["kmod/a.c"]
    assert (file.reached(), len(file.lines)) == (3, 6)
    assert trace.share("module") == 50
    assert file.never_entered() == ["idle"]
    assert file.gaps() == [[4, 4], [7, 9]]
    assert [file.function_of(line) for line in (4, 9)] == ["used", "idle"]


def test_a_gap_ends_with_its_function(tree):
    file = trace_of(tree, ("kmod/a.c", 0)).files["kmod/a.c"]
    assert file.gaps() == [[1, 5], [7, 9]]
    assert file.never_entered() == ["used", "idle"]


def test_runs_are_added_through_links(tree):
    """A line is reached if any run has reached it, and not if none has."""
    trace = trace_of(tree, ("kmod/a.c", 0), ("build/a.c", 2), ("kmod/a.c", 1))
    assert list(trace.part("module")) == ["kmod/a.c"]
    assert trace.files["kmod/a.c"].lines[1] == 3
    assert trace.share("module") == 50


def test_tests_are_left_out(tree):
    trace = trace_of(tree, ("kmod/a_test.c", 1), ("tools/lib/test/b.c", 1),
                     ("../elsewhere.c", 1))
    assert not trace.files and trace.share("module") == 0


def test_text(tree):
    trace = trace_of(tree, ("kmod/a.c", 1))
    table = "\n".join(lcovinfo.table(trace))
    assert "kmod/a.c                              6       3   50.0%  idle" in \
        table
    assert list(lcovinfo.unreached(trace)) == [
        "kmod/a.c",
        "  4          used                         return 1;",
        "  7-9        idle                         int idle(void)"]


def test_all_programs_are_run(tmp_path):
    """No socket test and no torture program is forgotten."""
    measured.net(tmp_path)
    steps = (tmp_path / "steps.json").read_text()
    for program in plan.programs():
        assert f"user/selftests/net/{program}\"" in steps
    assert set(measured.PROGRAMS) <= set(map(str, measured.torture(tmp_path)))


def test_command(tmp_path):
    """It keeps what was counted, and ends as the command does."""
    done = subprocess.run(
        [COVERAGE / "collect", tmp_path / "tar", "", "sh", "-c",
         "echo 1 >$GCOV_PREFIX/a.gcda; exit 7"], check=False, timeout=60)
    assert done.returncode == 7
    with tarfile.open(tmp_path / "tar") as tar:
        assert tar.extractfile("./a.gcda").read() == b"1\n"


OUTPUT = """\
@@ section plain data
ok 1 data.tcp.one
ok 2 # SKIP data.tcp.two
not ok 3 data.tcp.three
    not ok 4 a case of KUnit
time limit of 5 s reached
@@ failed unload
@@ passed load
unreferenced object 0xffff888003c0d800 (size 1024):
"""


def test_failures_are_seen(tmp_path, capsys):
    """In what the guest prints; all of it is kept."""
    (tmp_path / "output").write_text(OUTPUT)
    status, failures = progress.follow(
        "stage", ["sh", "-c", f"cat {tmp_path}/output; exit 3"],
        tmp_path / "log")
    rows = OUTPUT.splitlines()
    assert status == 3 and failures == [rows[at] for at in (3, 4, 5, 6, 8)]
    assert (tmp_path / "log").read_text() == OUTPUT
    assert "coverage: stage: @@ section plain data" in capsys.readouterr().out


def test_silence_is_broken(tmp_path, monkeypatch):
    """Where a command says nothing, we say what was last: then it ends."""
    said, go = [], tmp_path / "go"

    def say(text):
        said.append(text)
        go.touch()

    monkeypatch.setattr(progress, "SILENCE", 0.1)
    monkeypatch.setattr(progress, "say", say)
    status, _ = progress.follow(
        "stage", ["timeout", "60", "sh", "-c",
                  f"echo last; until [ -e {go} ]; do sleep 0.1; done"],
        tmp_path / "log")
    assert status == 0 and said[0].endswith("s: last")
