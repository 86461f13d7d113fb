# SPDX-License-Identifier: GPL-2.0-only
"""The README keeps what it promises."""
import re
import subprocess

import conftest
import plan

TOP = plan.TOP


def readme():
    return (TOP / "README.md").read_text(encoding="utf-8")


def code_blocks():
    return re.findall(r"^```\w*\n(.*?)^```$", readme(), re.M | re.S)


def commands():
    """Lines that begin with make, in code blocks fenced or indented."""
    return re.findall(r"^(?: {4}|\$ )?(make \w+)", readme(), re.M)


def test_two_commands():
    assert {"make demo", "make check"} <= set(commands())


def test_ci_runs_the_readme_command():
    script = (TOP / ".ci/run").read_text(encoding="utf-8")
    lines = [line for line in script.splitlines()
             if re.search(r"\bmake check\b", line)
             and not line.startswith("#")]
    assert len(lines) == 1
    assert re.search(r"\bmake check$", lines[0])


def test_targets_exist():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    for command in commands():
        target = command.split()[1]
        assert re.search(rf"^{target}:", makefile, re.M), command


def test_examples_are_quoted_as_they_are():
    """What the README shows is what is compiled and run."""
    blocks = [block.strip() for block in code_blocks()]
    for name in ("client.c", "server.c"):
        text = (TOP / "tools/examples" / name).read_text(encoding="utf-8")
        assert text.strip() in blocks, name


def test_containers_are_made_as_it_says():
    """The tests mount what a container needs where the README has it."""
    script = (TOP / "selftests/surroundings/container").read_text("utf-8")
    command = re.search(r"^    docker run (.*?) IMAGE$", readme(),
                        re.M | re.S)[1]
    place = "/opt/sdirect"
    mounts = re.findall(r"-v /usr/local/lib/(\S+):(\S+)/(\S+):ro", command)
    shim = "libsdirect-preload.so"
    assert mounts == [(shim, place, shim)]
    variable = re.search(r"-e (LD_PRELOAD=\S+)", command)[1]
    assert f"preload={variable}\n" in script
    assert f"$root{place}" in script and f"file={shim}\n" in script


def test_oldest_c_library(build):
    """The README names the one that the shim needs."""
    conftest.make("tools")
    text = subprocess.run(
        ["objdump", "-T", *(build / name for name in (
            "libsdirect-preload.so", "libsdirect.so.0"))],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    needed = max(tuple(map(int, version.split("."))) for version in
                 re.findall(r"GLIBC_([\d.]+)", text))
    said = re.search(r"GNU C library,\s+([\d.]+) or later", readme())[1]
    assert needed == tuple(map(int, said.split(".")))


def test_files_named_exist():
    for path in re.findall(r"\]\((?!https?:|#)([^)#]+)", readme()):
        assert (TOP / path).exists(), path
