# SPDX-License-Identifier: GPL-2.0-only
"""The mutants can be used, and what tries them tells the truth.

That each is caught takes long: make mutants.
"""
import subprocess
import sys

import pytest

import plan

MUTANTS = plan.TOP / "selftests" / "mutants"
sys.path.insert(0, str(MUTANTS))

import bench  # noqa: E402
import checks  # noqa: E402
import mutant  # noqa: E402

NAMES = sorted(path.stem for path in MUTANTS.glob("*.patch"))
# What any kernel module gets wrong sooner or later.
ALWAYS = {"missing_barrier", "unchecked_length", "leaked_page",
          "sleep_under_lock"}
HEAD = """\
What: it is bad
Harm: bad things
 happen
Caught-by: stub {check}
Shows: {shows}
Why: it looks

"""
DIFF = """\
--- a/kmod/x.c
+++ b/kmod/x.c
@@ -1,3 +1,3 @@
 one

-good
+bad
"""
FILE = "one\n\ngood\n"
LOOK = "cat kmod/x.c; ! grep -q bad kmod/x.c"


def text_of(check=LOOK, shows="^bad$"):
    return HEAD.format(check=check, shows=shows) + DIFF


@pytest.mark.parametrize("name", NAMES)
def test_mutant(name):
    """It is complete, names checks that there are, and still applies."""
    one = mutant.load()[name]
    assert one.catches
    for catch in one.catches:
        argv, _ = checks.command(catch.check)
        assert argv and not catch.shows.search("")
    assert all(path.startswith(("kmod/", "uapi/")) and "_test." not in path
               for path in mutant.files_of(one))
    mutant.apply(one, plan.TOP, dry=True)


def test_what_there_must_be():
    assert ALWAYS <= set(NAMES)


@pytest.mark.parametrize("old, new", [
    ("What: it is bad\n", ""), ("Shows: ^bad$\n", ""),
    ("Why: it looks\n", "Why: it looks\nWhy: it looks\n"),
    ("Shows: ^bad$", "Shows: ("), ("Harm: bad", "harm: bad"),
    ("--- a/kmod/x.c\n", ""), ("Why:", "Who:"),
])
def test_wrong_header(old, new):
    assert old in text_of()
    with pytest.raises(mutant.Wrong, match="^name: "):
        mutant.parse("name", text_of().replace(old, new))


def test_header():
    one = mutant.parse("name", text_of())
    assert one.harm == "bad things happen"
    assert one.catches[0].check == f"stub {LOOK}"
    assert mutant.files_of(one) == ["kmod/x.c"]


@pytest.mark.parametrize("check", ["none", "lint", "net"])
def test_no_such_check(check):
    with pytest.raises(mutant.Wrong):
        checks.command(check)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small tree, and a check that is a line of shell."""
    monkeypatch.setitem(checks.KINDS, "stub", (
        lambda words: (["sh", "-c", " ".join(words)], {}), "any"))
    source = tmp_path / "source"
    (source / "kmod").mkdir(parents=True)
    (source / "kmod/x.c").write_text(FILE)

    def make(**kwargs):
        return bench.Bench(tmp_path / "bench", lambda text: None, source,
                           **kwargs)

    make.source = source
    return make


def attempt(place, **kwargs):
    one = mutant.parse("name", text_of(**kwargs))
    return place.attempt(one, one.catches[0])


@pytest.mark.parametrize("check, shows, word, line", [
    (LOOK, "^bad$", bench.CAUGHT, "bad"),
    ("true", "^bad$", bench.SURVIVED, "the check finds nothing"),
    ("cat kmod/x.c", "^bad$", bench.SURVIVED, "the check finds nothing"),
    (LOOK, "^worse$", bench.OTHERWISE, "it fails, but not with: ^worse$"),
    ("no-such-program", "^bad$", bench.OTHERWISE,
     "it fails, but not with: ^bad$"),
])
def test_verdict(place, check, shows, word, line):
    verdict = attempt(place(), check=check, shows=shows)
    assert (verdict.word, verdict.line, verdict.kept) == (word, line, False)


def test_control(place):
    """Without the mutant, also behind one."""
    here = place()
    attempt(here)
    assert here.control(f"stub {LOOK}").word == bench.PASSED
    assert here.control("stub false").word == bench.FAILED
    assert (here.where / "tree/kmod/x.c").read_text() == FILE
    assert (place.source / "kmod/x.c").read_text() == FILE


def test_what_was_caught_is_kept(place):
    """Until the tree, the patch or the check is another one."""
    here = place()
    assert not attempt(here).kept and attempt(here).kept
    assert not attempt(here, shows="bad").kept
    assert not attempt(here, check="true").kept
    assert not attempt(here, check="true").kept
    here.lock.close()
    here = place(again=True)
    assert not attempt(here).kept
    here.lock.close()
    (place.source / "kmod/y.c").write_text("more\n")
    here = place()
    assert not attempt(here).kept
    assert (here.where / "tree/kmod/y.c").exists()
    here.lock.close()
    (place.source / "kmod/y.c").unlink()
    assert attempt(place()).kept


def test_only_one_at_a_time(place):
    here = place()
    with pytest.raises(mutant.Wrong, match="another run"):
        place()
    here.lock.close()


def test_tree_has_changed(place):
    """No patch is bent until it fits."""
    (place.source / "kmod/x.c").write_text(FILE.replace("one", "two"))
    with pytest.raises(mutant.Wrong, match="name.patch does not apply"):
        attempt(place())


def test_check_that_does_not_end(place, monkeypatch):
    monkeypatch.setattr(checks, "LIMIT", 1)
    monkeypatch.setattr(checks, "BEAT", 0.1)
    here, said = place(), []
    here.say = said.append
    verdict = attempt(here, check="echo bad; exec sleep 1000", shows="^ended")
    assert (verdict.word, verdict.line) == (bench.CAUGHT, "ended after 1 s")
    assert said and said[0].endswith("bad")


def test_command():
    def run(*argv):
        return subprocess.run([MUTANTS / "run", *argv], text=True, check=False,
                              capture_output=True, timeout=60)

    listed = run("--list")
    assert listed.returncode == 0
    assert [line.split(":")[0] for line in listed.stdout.splitlines()
            if not line.startswith(" ")] == NAMES
    assert "Plants bugs" in run("--help").stdout
    for argv in (["none"], ["--check", "none"], ["--no-such-option"]):
        done = run(*argv)
        assert done.returncode == 2 and done.stderr and not done.stdout
