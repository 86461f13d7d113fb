# SPDX-License-Identifier: GPL-2.0-only
"""The policy of sdirectd: its language and its decisions, without a module.

SDIRECT_POLICY_CASES says how many random connections are compared with the
reference, SDIRECT_POLICY_SECONDS how long the parser is fuzzed.
"""
import os
import re
import shutil
import subprocess
import sys

import pytest

import plan

POLICY = plan.TOP / "selftests/policy"
SOURCE = plan.TOP / "tools/sdirectd"
SECONDS = int(os.environ.get("SDIRECT_POLICY_SECONDS", "10"))
LIMIT = 900 + SECONDS
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
    return run([sys.executable, POLICY / "agree.py", judge, cases, seed])


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
    "range_ends_early": ("tree.c", "{ range.last + 1, n + 1 }",
                         "{ range.last, n + 1 }"),
    "wild_forgotten": ("engine.c", "	visit(q, node->wild);\n", ""),
    "last_match_wins": ("engine.c", "node->rule[i] < q->best; i++", "true; i++"),
    "pruned_too_much": ("engine.c", "node->least >= q->best",
                        "node->least + 1 >= q->best"),
    "bits_of_none": ("bits.c",
                     "part <= field->parts; part++)\n			column",
                     "part < field->parts; part++)\n			column"),
    "bits_end_early": ("bits.c", "part <= last; part++", "part < last; part++"),
    "bits_of_another": ("engine.c", "at = i + __builtin_ctzll(left);",
                        "at = i + 63 - __builtin_clzll(left);"),
    "bits_same": ("bits.c", "bits->asked & ~found->same & 1 << i",
                  "bits->asked & found->same & 1 << i"),
    "star_crosses_slash": ("globs.c", "if (c == '/')\n			continue;", ""),
    "not_below": ("policy.c", "i == PATTERN_CGROUP", "false"),
    "inverted_forgotten": ("match.c", " != set->inverted", ""),
    "unknown_matches_not": ("match.c", "if (!(end->known & 1 << set->field))",
                            "if (!(end->known & 1 << set->field) && "
                            "!set->inverted)"),
    "midnight": ("when.c", "minute >= when->begin || minute < when->end",
                 "minute >= when->begin && minute < when->end"),
    "until_is_short": ("when.c", "read.tm_mday++", "read.tm_mday += 0"),
    "mapped_in_ipv6": ("items.c", "!is_address(field) ||",
                       "!is_address(field) || true ||"),
}


def faulty(build, tmp_path, name, right, wrong):
    """The judge with a mistake in it."""
    # What has the same age is not compiled again.
    shutil.copytree(SOURCE, tmp_path / "tools/sdirectd")
    shutil.copytree(build / "obj/sdirectd", tmp_path / "obj/sdirectd")
    (tmp_path / "uapi").symlink_to(plan.TOP / "uapi")
    path = tmp_path / "tools/sdirectd" / name
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    done = run(["make", "-s", "-C", path.parent, f"BUILD={tmp_path}",
                tmp_path / "sdirectd-judge"])
    assert done.returncode == 0, done.stdout
    return tmp_path / "sdirectd-judge"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("judge")
def test_policy_fault_is_found(fault, build, tmp_path):
    """What compares the decisions sees each of these mistakes."""
    done = differ(faulty(build, tmp_path, *FAULTS[fault]), 20000)
    assert done.returncode and "instead of" in done.stdout


def walked(judge, kind, directory):
    """Of many rules, is it the same rule as trying one after the other?"""
    large = [sys.executable, POLICY / "large.py"]
    path = directory / "policy.conf"
    path.write_text(subprocess.run([*large, kind, "20000"], text=True,
                                   capture_output=True, timeout=LIMIT,
                                   check=True).stdout)
    cases = subprocess.run([*large, "--cases", kind, "3000"], text=True,
                           capture_output=True, timeout=LIMIT,
                           check=True).stdout
    said = [subprocess.run([judge, *way, path, "0"], input=cases, text=True,
                           capture_output=True, timeout=LIMIT,
                           check=True).stdout.split()
            for way in ([], ["--walk"])]
    assert len(said[0]) == 3000
    print(kind, sum(rule != "0" for rule in said[1]), "of 3000 match")
    return said[0] == said[1]


@pytest.mark.parametrize("kind", ("mixed", "crossed", "overlaps"))
def test_policy_many_rules_agree(kind, judge, tmp_path):
    assert walked(judge, kind, tmp_path)


@pytest.mark.usefixtures("judge")
def test_policy_fault_of_many_is_found(build, tmp_path):
    """What only shows where some rules stand for all."""
    judge = faulty(build, tmp_path, "bits.c",
                   "	bound[0] = WIDE_MAX;\n	for (i = 0; i < m->n; i++) {",
                   "	bound[0] = WIDE_MAX;\n	for (i = 0; i < m->n; i += step) {")
    assert not walked(judge, "overlaps", tmp_path)


def test_policy_corpus(build, tmp_path):
    """What the fuzzer has found once: no sanitizer may complain."""
    make(build, build / "sdirectd-fuzz")
    assert corpus.unpack(tmp_path) > 100
    done = run([build / "sdirectd-fuzz", "-runs=0", tmp_path])
    assert done.returncode == 0, done.stdout


def test_policy_fuzz(build):
    """Searches on from there for a while."""
    make(build, "fuzz", f"FUZZ_ARGS=-max_total_time={SECONDS}")
    assert not list(build.glob("fuzz-policy-*"))


# The commands, and what is installed with them.

@pytest.fixture(scope="session")
def tools(build):
    make(build, "all")
    done = run(["make", "-s", "-C", plan.TOP / "tools/sdirect",
                f"BUILD={build}", "all"])
    assert done.returncode == 0, done.stdout
    return build


def examples():
    """The files in the documentation, by their headings."""
    text = (plan.TOP / "Documentation/policy.rst").read_text(encoding="utf-8")
    text = text.split("\nTen wishes\n")[1].split("\nLooking\n")[0]
    found = {}
    for part in re.split(r"\n(?=[^\n]+\n-{3,}\n)", text)[1:]:
        block = re.search(r"::\n\n((?:    [^\n]*\n|\n)+)", part)
        found[part.split("\n")[0]] = re.sub(r"^    ", "", block[1], flags=re.M)
    return found


def test_policy_has_ten_examples():
    assert len(examples()) == 10


def checked(tools, text, tmp_path):
    path = tmp_path / "policy.conf"
    path.write_text(text, encoding="utf-8")
    return run([tools / "sdirectd", "--check", path])


@pytest.mark.parametrize("name", examples())
def test_policy_example(name, tools, tmp_path):
    done = checked(tools, examples()[name], tmp_path)
    assert done.returncode == 0
    assert re.search(r"policy.conf: [1-9]\d* rules?$", done.stdout, re.M)
    assert checked(tools, examples()[name] + "tcp to prt 1\n",
                   tmp_path).returncode == 1


def test_policy_as_installed_is_right(tools):
    done = run([tools / "sdirectd", "--check", SOURCE / "policy.conf"])
    assert done.returncode == 0


def test_policy_check_tells_all_mistakes(tools, tmp_path):
    (tmp_path / "more.conf").write_text("deny from user\n")
    done = checked(tools, "frob\n\ntcp to port { 5, 70000, x }\n"
                   "include \"more.conf\"\ninclude \"none.conf\"\n"
                   "direct to addr 10.0.0.1/8\n", tmp_path)
    assert done.returncode == 1
    places = re.findall(r"/(\w+)\.conf:(\d+):(\d+): ", done.stdout)
    assert places == [("policy", "1", "1"), ("policy", "3", "18"),
                      ("policy", "3", "25"), ("more", "1", "15"),
                      ("policy", "5", "9"), ("policy", "6", "16")]


def test_policy_explain(tools, tmp_path):
    path = tmp_path / "policy.conf"
    path.write_text("tcp to port 443\ndirect from user root\ndeny\n")

    def explain(source, to):
        done = run([tools / "sdirect", "policy", "explain", source, to, path])
        assert done.returncode == 0
        return done.stdout

    said = explain("user root", "port 80")
    assert "no: to port is 80\n" in said and "rule 2, " in said
    assert said.endswith("decides: direct\n")
    said = explain("user 1", "[::1]:443")
    assert said.endswith("decides: tcp\n") and "no:" not in said
    said = explain("", "")
    assert "to port is not known" in said and said.endswith("deny\n")
    assert run([tools / "sdirect", "policy", "explain", "user none", "",
                path]).returncode == 1


def exposure(unit, path):
    path.write_text(unit.replace("@SBINDIR@", "/usr/sbin"))
    done = run(["systemd-analyze", "security", "--offline=true", path])
    return float(re.search(r"level for [^:]*: ([\d.]+)", done.stdout)[1])


def test_policy_unit_is_hardened(tmp_path):
    unit = (SOURCE / "sdirectd.service.in").read_text(encoding="utf-8")
    path = tmp_path / "sdirectd.service"
    assert exposure(unit, path) < 2
    # It would be seen.
    assert exposure(re.sub("CapabilityBoundingSet=.*", "", unit), path) > 2


def test_policy_speed(judge):
    """What it prints is for the reader: a test asserts no time."""
    for kind in ("mixed", "crossed"):
        large = [sys.executable, POLICY / "large.py"]
        path = judge.parent / f"large-{kind}.conf"
        path.write_text(run([*large, kind, 100000]).stdout)
        cases = run([*large, "--cases", kind, 2000]).stdout
        done = subprocess.run([judge, "--bench", path, "0"], input=cases,
                              text=True, capture_output=True, timeout=LIMIT,
                              check=True)
        print(kind, done.stdout)
        assert re.search(r"100000 rules: .*\ndecide: 2000 cases", done.stdout)
