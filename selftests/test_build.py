# SPDX-License-Identifier: GPL-2.0-only
"""What is in the tree: versions, headers, licences, sizes, scripts, pages."""
import os
import re
import shutil
import subprocess

import pytest

import plan

TOP = plan.TOP
UAPI = TOP / "uapi"
HEADERS = sorted(path.relative_to(UAPI) for path in UAPI.rglob("*.h"))
CODE_DIRS = ("kmod", "uapi", "tools", "selftests", ".ci")
SYNTAX = {
    "gnu99": ("gcc", "-std=gnu99", "-x", "c"),
    "gnu11": ("gcc", "-std=gnu11", "-x", "c"),
    "c++": ("g++", "-std=gnu++11", "-x", "c++"),
    # The kernel's headers serve both sizes, but gcc looks in another place.
    "m32": ("gcc", "-m32", "-std=gnu99", "-idirafter",
            "/usr/include/x86_64-linux-gnu", "-x", "c"),
}
LICENCES = {
    "kmod": "GPL-2.0",
    "uapi": "(GPL-2.0 WITH Linux-syscall-note) OR MIT",
    "tools/lib/test": "GPL-2.0-only",
    "tools/lib": "LGPL-2.1-only OR MIT",
    "tools/preload": "LGPL-2.1-only OR MIT",
    "tools": "GPL-2.0-only",
    "selftests": "GPL-2.0-only",
    ".ci": "GPL-2.0-only",
}


def sources():
    """Source files by what they are, not by what a build has left."""
    for name in CODE_DIRS:
        for path in sorted((TOP / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and \
                    not path.name.endswith((".o", ".cmd", ".mod", ".mod.c")):
                yield path


def text_of(path):
    return path.read_text(encoding="utf-8", errors="replace")


def interpreter(path):
    with open(path, "rb") as file:
        line = file.readline(100)
    return line.decode(errors="replace") if line.startswith(b"#!") else ""


SOURCES = list(sources())


def name_of(path):
    return str(path.relative_to(TOP))


def version():
    found = re.search(r'#define SDIRECT_VERSION\s+"([^"]+)"',
                      text_of(UAPI / "linux/sdirect.h"))
    return found.group(1)


def check(*argv, **kwargs):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False, **kwargs)
    assert done.returncode == 0, done.stdout
    return done.stdout


def tool(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    return name


@pytest.mark.parametrize("program", ["sdirect", "sdirect-run"])
def test_version_of_tools(build, program):
    assert version() in check(build / program, "--version")


def test_install_names_files_that_exist():
    """systemd looks for what has no directory elsewhere, and is not content."""
    text = check("make", "-n", "-C", TOP / "tools/sdirectd", "install")
    path = re.search(r"systemd-sysusers (\S+)\)?$", text, re.M)[1]
    assert os.path.isabs(path) and os.path.exists(path)


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("program", ["sdirect", "sdirect-run"])
def test_help_of_tools(build, program, option):
    text = check(build / program, option)
    assert "usage" in text.lower() and "--version" in text


@pytest.mark.parametrize("program", ["sdirect", "sdirect-run"])
def test_unknown_option(build, program):
    done = subprocess.run([build / program, "--no-such-option"], text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode != 0 and done.stderr and not done.stdout


def test_version_of_module(build):
    module = TOP / "sdirect.ko"
    assert check("/sbin/modinfo", "-F", "version", module).strip() == version()
    aliases = check("/sbin/modinfo", "-F", "alias", module)
    assert "net-pf-18" in aliases


@pytest.mark.parametrize("how", SYNTAX)
@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_header_stands_alone(header, how):
    argv = SYNTAX[how]
    tool(argv[0])
    check(*argv, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{UAPI}",
          "-", input=f"#include <{header}>\n#include <{header}>\n")


@pytest.mark.parametrize("path", [p for p in SOURCES if p.suffix in
                                  (".c", ".h", ".py", ".sh") or
                                  interpreter(p)], ids=name_of)
def test_licence(path):
    head = "\n".join(text_of(path).splitlines()[:2])
    found = re.search(r"SPDX-License-Identifier: (.*?)( \*/)?$", head, re.M)
    name = name_of(path)
    where = max((key for key in LICENCES if name.startswith(key + "/")),
                key=len)
    assert found, "no SPDX line"
    assert found.group(1) == LICENCES[where]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_text_is_clean(path):
    lines = text_of(path).split("\n")
    assert not [number for number, line in enumerate(lines, 1)
                if line != line.rstrip()], "blanks at the end of a line"
    assert lines[-1] == "", "no newline at the end"


@pytest.mark.parametrize("path", [p for p in SOURCES
                                  if os.access(p, os.X_OK)], ids=name_of)
def test_executable_names_its_interpreter(path):
    assert interpreter(path)
