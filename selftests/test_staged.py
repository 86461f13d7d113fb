# SPDX-License-Identifier: GPL-2.0-only
"""What make check-debug and make soak do with their stages."""
import os
import select
import signal
import subprocess
import sys
import types

import pytest

import plan
import staged
import stages
from job import Job
from tree import Tree

# A stage whose tests are told by the environment what to do.
TESTS = """\
import os
import time


def test_it():
    what = os.environ["SDIRECT_TEST_STAGE"]
    # The name of the test is on this line already.
    print("\\n# death: 5 rounds, 4 killed, all well", flush=True)
    while what == "hangs":
        time.sleep(1)
    assert what == "passes"
"""
ENDED = ("SIGTERM", "SIGINT", "SIGKILL")


@pytest.fixture
def stage(tmp_path):
    path = tmp_path / "test_stage.py"
    path.write_text(TESTS)
    return stages.Stage("one", (path,), ("-s", "-p", "no:cacheprovider"))


@pytest.fixture
def run(tmp_path, stage):
    """make check-debug with one stage, as often as wanted."""
    def again(what, tag="kernel", fresh=False):
        said = []
        options = types.SimpleNamespace(
            stages=[stage._replace(env=(("SDIRECT_TEST_STAGE", what),))],
            fresh=fresh)
        runner = staged.Once(stages.COMMANDS["check-debug"], options,
                             tmp_path, tag)
        runner.say = said.append
        status = runner.main()
        return status, "\n".join(said)
    return again


def test_goes_on(run):
    assert "test_stage" not in run("passes")[1]
    for kwargs, again in (({}, False), ({"tag": "other"}, True),
                          ({"tag": "other"}, False),
                          ({"tag": "other", "fresh": True}, True)):
        status, said = run("passes", **kwargs)
        assert status == 0 and ("begins" in said) == again, said
        assert ("passed before" in said) != again, said


def test_a_failure_is_run_again(run):
    for _ in range(2):
        status, said = run("fails")
        assert status == 1 and "replay: make check-debug ONLY=one" in said
        assert "assert 'fails' == 'passes'" in said
    assert run("passes")[0] == 0


def test_counts(tmp_path, stage):
    env = {"SDIRECT_TEST_STAGE": "passes"}
    result = Job(tmp_path, stage, env, print).run()
    assert (result["status"], result["passed"], result["killed"]) == \
        ("passed", 1, 4)
    stage = stage._replace(options=("-k", "none_of_them"))
    assert Job(tmp_path, stage, env, print).run()["status"] == "failed"


def test_what_hangs_is_ended(tmp_path, stage):
    said = []
    result = Job(tmp_path, stage._replace(limit=1 / 20),
                 {"SDIRECT_TEST_STAGE": "hangs"}, said.append).run()
    assert result["status"] == "hangs", said


START = """\
import pathlib, signal, sys
sys.path[:0] = [{here!r}]
import staged, stages
from job import Job
signal.signal(signal.SIGTERM, staged.interrupt)
signal.signal(signal.SIGINT, staged.interrupt)
stage = stages.Stage("one", (pathlib.Path({path!r}),), ("-s",))
Job(pathlib.Path({out!r}), stage, {{"SDIRECT_TEST_STAGE": "hangs"}},
    lambda text: print(text, flush=True)).run()
"""


@pytest.mark.parametrize("name", ENDED)
def test_leaves_nothing_behind(tmp_path, stage, name):
    """However it is ended, what it has started ends as well."""
    code = START.format(here=str(plan.TOP / "selftests"), out=str(tmp_path),
                        path=str(stage.tests[0]))
    # All that it starts holds the pipe, so its end says that they are gone.
    pipe, end = os.pipe()
    with subprocess.Popen([sys.executable, "-c", code], text=True,
                          stdout=subprocess.PIPE, pass_fds=[end]) as process:
        os.close(end)
        try:
            lines = (process.stdout.readline() for _ in range(20))
            assert any("killed" in line for line in lines)
            process.send_signal(getattr(signal, name))
            process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode
    assert select.select([pipe], [], [], 60)[0], "something is left"
    os.close(pipe)


def tree(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(root)


def test_key(tmp_path):
    """What changes a result changes the key, what does not does not."""
    one = stages.Stage("one", ("test_x.py",), inputs=("kmod",))

    def key(**files):
        return stages.key(one, "kernel", {}, tree(tmp_path, **files))

    first = key(kmod__a="1", selftests__b="1", Documentation__c="1")
    assert key(selftests__b="2") == first
    assert key(kmod__a="2") != first
    assert key(kmod__a="1") == first
    assert key(kmod__new="") != first
    (tmp_path / "kmod/new").unlink()
    assert key() == first
    assert stages.key(one, "other", {}, Tree(tmp_path)) != first
    assert stages.key(one, "kernel", {"A": "1"}, Tree(tmp_path)) != first
    everything = one._replace(inputs=stages.ALL)
    before = stages.key(everything, "", {}, Tree(tmp_path))
    tree(tmp_path, Documentation__c="2")
    assert stages.key(everything, "", {}, Tree(tmp_path)) == before


def test_every_test_has_its_place():
    """A new file of tests depends on the kernel, or it does not."""
    placed = {name for command in stages.COMMANDS.values()
              for stage in command.stages for name in stage.tests}
    placed |= {f"test_{name}.py" for name in stages.ANYWHERE}
    there = {path.name for path in (plan.TOP / "selftests").glob("test_*.py")}
    assert there - placed == set()
    for stage in stages.STAGES:
        for path in stage.inputs:
            assert not path or (plan.TOP / path).exists(), (stage.name, path)


def test_every_comparison_has_its_stage():
    there = {path.stem for path in (plan.TOP / "selftests/compat").glob("*.c")
             if "compat_tests[]" in path.read_text()} - {"main"}
    assert there | {"random"} == set(stages.COMPAT)


def test_options_and_stages():
    """As the Makefile writes them."""
    options = staged.parse(["soak", "--seconds", "60", "--kernel", "stock",
                            "death", "races"])
    assert [stage.name for stage in options.stages] == ["death", "races"]
    with pytest.raises(SystemExit):
        staged.parse(["soak", "no-such-stage"])
