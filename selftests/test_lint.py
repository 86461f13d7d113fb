# SPDX-License-Identifier: GPL-2.0-only
"""Static checks: they find nothing here, and they do find what they are for.

Those that need a build of the module or minutes are not done on the tree here,
but by make lint; that they work is tried here too.
"""
import os
import subprocess
import sys

import pytest

import plan

LINT = plan.TOP / "tools" / "lint"
sys.path.insert(0, str(LINT))

import checking  # noqa: E402
import findings  # noqa: E402
import kernelsrc  # noqa: E402
import outside  # noqa: E402
from table import BY_NAME, CHECKS  # noqa: E402
from tree import Tree  # noqa: E402

C = "// SPDX-License-Identifier: GPL-2.0\n"
H = "/* SPDX-License-Identifier: GPL-2.0 */\n"
SH = "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only\n"
PY = "#!/usr/bin/env python3\n# SPDX-License-Identifier: GPL-2.0-only\n"
MODULE = C + "#include <linux/module.h>\n{}MODULE_LICENSE(\"GPL\");\n"
KUNIT = "ifeq ($(SDIRECT_KUNIT),y)\nobj-m := x.o\nx-y := kmod/x_test.o\n" \
        "endif\n"
PAIR = "/*\n *\n *\tfence\t(E)\tfence\t(F)\n */\n"
FENCE = "\tSDIRECT_FENCE();\t/* {} */\n"
MISSPELT = "reci" + "eve"

# check, files of a small tree, what must be said of them
FAULTS = (
    ("includes", {"kmod/carrier_x.c": '#include "pair.h"\n',
                  "kmod/pair.h": '#include "policy.h"\n',
                  "kmod/policy.h": ""},
     "kmod/carrier_x.c:1: must not include policy.h: "
     "carrier_x.c -> pair.h -> policy.h"),
    ("includes", {"kmod/a.h": '#include "b.h"\n',
                  "kmod/b.h": '\n#include "a.h"\n'},
     "kmod/b.h:2: must not include b.h: b.h -> a.h -> b.h"),
    ("includes", {"uapi/linux/x.h": "#ifdef __KERNEL__\n"
                  "#include <linux/mm.h>\n#else\n#include <stdio.h>\n#endif\n"},
     "uapi/linux/x.h:4: uapi/ must not include stdio.h"),
    ("no-kmod", {"tools/x/x.c": '#include "../../kmod/sock.h"\n'},
     "tools/x/x.c:1: includes"),
    ("no-kmod", {"tools/x/Makefile": "CFLAGS += -I../../kmod\n",
                 "tools/x/x.c": ""}, "tools/x/Makefile:1: looks"),
    ("lengths", {"kmod/x.c": "int f(void)\n{\n" + "\tg();\n" * 59 + "}\n"},
     "kmod/x.c:2: the function has 61 lines"),
    ("lengths", {"kmod/x.c": "int x;\n" * 601}, "more than 600 lines"),
    ("lengths", {"tools/x": PY + "def f():\n" + "    f()\n" * 60},
     "tools/x:3: the function has 61 lines"),
    ("lengths", {"tools/x": SH + "f() {\n" + "\tg\n" * 59 + "}\n"},
     "tools/x:3: the function has 61 lines"),
    ("version-code", {"kmod/x.c": "\n#if LINUX_VERSION_CODE < 7\n"},
     "kmod/x.c:2: asks"),
    ("version-code", {"kmod/x.c": "#include <linux/version.h>\n"},
     "kmod/x.c:1: asks"),
    ("barriers", {"kmod/send.c": "/* Why. */\n\n\tsmp_mb();\n"},
     "kmod/send.c:3: a barrier without a comment"),
    ("barriers", {"kmod/send.c": "/* Why. */\n\tx = 1;\n\t"
                  "SDIRECT_STORE_RELEASE(p, 1);\n"},
     "kmod/send.c:3: a barrier without a comment"),
    ("barriers", {"kmod/x.c": "\tsmp_rmb();\t/* why */\n"},
     "kmod/x.c:1: a barrier in a file"),
    ("barrier-pairs", {"uapi/linux/x.h": PAIR, "kmod/send.c": FENCE.format("E")},
     "uapi/linux/x.h:3: promises a barrier F"),
    ("barrier-pairs", {"kmod/a.c": PAIR, "kmod/send.c": FENCE.format("E"),
                       "kmod/recv.c": FENCE.format("F")},
     "kmod/a.c:3: promises a barrier E"),
    # That a comment is there is not enough.
    ("barrier-pairs", {"uapi/linux/x.h": PAIR + "\t/* E, pairs with F */\n",
                       "kmod/send.c": FENCE.format("F")},
     "uapi/linux/x.h:3: promises a barrier E"),
    ("one-version", {"dkms.conf": 'PACKAGE_VERSION="9.8.6"\n'},
     "dkms.conf:1: has not"),
    ("one-version", {"tools/x.py": 'VERSION = "9.8.7"\n'},
     "tools/x.py:1: repeats the version 9.8.7"),
    ("runnable", {"tools/x": SH}, "tools/x:1: names an interpreter"),
    ("python", {"tools/x": PY + "print('\\d')\n"}, "tools/x:3: "),
    ("pyflakes", {"tools/x.py": PY + "import os\n"},
     "tools/x.py:3: 'os' imported but unused"),
    ("shellcheck", {"tools/x": SH + "rm $1\n"}, "tools/x:3: note: Double"),
    ("mandoc", {"tools/man/x.1": ".Dd January 1, 2024\n.Dt X 1\n.Os\n.Zz\n"},
     "tools/man/x.1:4: ERROR: skipping unknown macro"),
    ("codespell", {"tools/x.py": f"# We {MISSPELT} it.\n"},
     f"tools/x.py:1: {MISSPELT} ==> receive"),
    ("kernel-doc", {"kmod/x.h": H + "/**\n * f - does it\n */\nint f(int a);\n"},
     "'a' not described in 'f'"),
    ("checkpatch", {"kmod/x.c": C + "int f(int a)\n{\n\tif(a)\n\t\treturn 1;\n"
                                    "\treturn 0;\n}\n"},
     "kmod/x.c:4: ERROR:SPACING"),
    ("checkpatch-user", {"tools/x/x.c": C + "int f(int a)\n{\n    return a;\n}\n"},
     "tools/x/x.c:4: WARNING:LEADING_SPACE"),
    ("cppcheck", {"tools/x/x.c": "int main(void)\n{\n\tint a[2];\n\n"
                                 "\ta[2] = 1;\n\treturn a[2];\n}\n"},
     "tools/x/x.c:5: arrayIndexOutOfBounds"),
    ("clang-tidy", {"tools/x/x.c": "unsigned long f(int *p)\n{\n"
                                   "\treturn sizeof(sizeof(*p));\n}\n"},
     "tools/x/x.c:3: warning: suspicious usage of 'sizeof"),
    ("clang-analyzer", {"tools/x/x.c": "int f(int a)\n{\n\tint *p = 0;\n\n"
                                       "\tif (a)\n\t\tp = &a;\n\treturn *p;\n"
                                       "}\n"},
     "tools/x/x.c:7: warning: "),
    ("compiler", {"kmod/x.c": MODULE.format("int x(void)\n{\n\treturn 1;\n}\n")},
     "kmod/x.c:3: error: no previous prototype"),
    ("sparse", {"kmod/x.c": MODULE.format("extern __be32 x;\n__be32 x = 1;\n")},
     "kmod/x.c:4: warning: incorrect type in initializer"),
    ("compiler-kunit", {"Kbuild": KUNIT, "kmod/x_test.c":
                        MODULE.format("int x(void)\n{\n\treturn 1;\n}\n")},
     "kmod/x_test.c:3: error: no previous prototype"),
    ("sparse-kunit", {"Kbuild": KUNIT, "kmod/x_test.c":
                      MODULE.format("extern __be32 x;\n__be32 x = 1;\n")},
     "kmod/x_test.c:4: warning: incorrect type in initializer"),
)

# check, files that are as they should be
GOOD = (
    ("includes", {"uapi/linux/x.h": "#ifdef __KERNEL__\n"
                  "#include <linux/mm.h>\n#endif\n"
                  "#include <linux/types.h>\n"}),
    ("lengths", {"kmod/x.c": "int f(void)\n{\n" + "\tg();\n" * 58 + "}\n"}),
    ("barriers", {"kmod/send.c": "\tsmp_mb();\t/* pairs with x() */\n"
                  "\t/* Pairs with\n\t * y().\n\t */\n"
                  "\tlong_name = f(a,\n\t\tsmp_load_acquire(&p));\n"
                  "\t/* no smp_mb() is needed here */\n"}),
    ("barrier-pairs", {"uapi/linux/x.h": PAIR, "kmod/send.c": FENCE.format("E") +
                       FENCE.format("D or F")}),
    ("one-version", {"tools/x.py": 'OTHER = "19.8.7"\n'}),
    ("runnable", {"tools/x.py": "import os\n"}),
)


def small_tree(where, files):
    base = {"uapi/linux/sdirect.h": '#define SDIRECT_VERSION "9.8.7"\n',
            "dkms.conf": 'PACKAGE_VERSION="9.8.7"\n',
            "Kbuild": "obj-m := x.o\nx-y := kmod/x.o\n"}
    for name, text in {**base, **files}.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    script = where / "tools" / "module-for"
    script.parent.mkdir(exist_ok=True)
    script.symlink_to(plan.TOP / "tools" / "module-for")
    return Tree(where, where / "build")


@pytest.mark.parametrize("name", [c.name for c in CHECKS if c.fast])
def test_nothing_is_found(name):
    lines = checking.do(BY_NAME[name], Tree(), checking.suppressions())
    assert not lines, "\n".join(lines + [f"again: tools/lint/run {name}"])


@pytest.mark.parametrize("name, files, expected", FAULTS,
                         ids=[row[0] for row in FAULTS])
def test_fault_is_found(tmp_path, name, files, expected):
    try:
        found = BY_NAME[name].function(small_tree(tmp_path, files))
    except kernelsrc.Absent as why:
        pytest.skip(str(why))
    text = "\n".join(str(finding) for finding in found)
    assert expected in text


@pytest.mark.parametrize("name, files", GOOD, ids=[row[0] for row in GOOD])
def test_no_false_alarm(tmp_path, name, files):
    assert not BY_NAME[name].function(small_tree(tmp_path, files))


def test_every_check_is_tried():
    """Coccinelle has a test of its own: all its patches take too long here."""
    assert {row[0] for row in FAULTS} | {"coccinelle"} == set(BY_NAME)


def test_semantic_patches_work(tmp_path):
    tree = small_tree(tmp_path, {"kmod/x.c": "void f(void *p)\n{\n"
                                             "\tif (p)\n\t\tkfree(p);\n}\n"})
    patches = {path.stem: (path, options)
               for path, options in outside.semantic_patches()}
    assert len(patches) > 50
    found = outside.apply_semantic(tree, *patches["ifnullfree"])
    assert "kmod/x.c:4: ifnullfree: WARNING" in str(found[0])


def test_program_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    lines = checking.do(BY_NAME["shellcheck"], Tree(),
                        checking.suppressions())
    assert "shellcheck is missing" in lines[0]


def test_what_is_absent_is_left_out(tmp_path):
    """Without the debug kernel its checks say so, and only then find fault."""
    def lint(**env):
        return subprocess.run(
            [LINT / "run", "one-version", "sparse-kunit"], text=True,
            capture_output=True, timeout=60, check=False,
            env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path), **env))

    done = lint(SDIRECT_DEBUG_KERNEL="0")
    assert done.returncode == 0 and "left out: the debug kernel" in done.stdout
    assert "1 of 1 checks found nothing, 1 left out" in done.stdout
    done = lint(SDIRECT_DEBUG_KERNEL="1")
    assert done.returncode == 1 and "1 of 2 checks" in done.stdout


RULE = '[[suppress]]\ncheck = "a*"\nwhere = "x/* y.c"\nwhat = "^bad"\n' \
       'why = "it is not so"\n'


def test_suppression():
    rules = findings.Suppressions(RULE)
    hit = findings.Finding("x/z.c", 1, "bad thing")
    others = [findings.Finding("z/z.c", 1, "bad thing"),
              findings.Finding("y.c", 1, "a bad thing")]
    assert rules.filter("abc", [hit] + others) == others
    assert rules.filter("b", [hit]) == [hit]


def test_suppression_needs_a_reason():
    for text in (RULE.replace("it is not so", "no"),
                 RULE.replace("why", "because")):
        with pytest.raises(ValueError):
            findings.Suppressions(text)


def test_unused_suppression_is_reported():
    rules = findings.Suppressions(RULE.replace("a*", "abc"))
    assert len(rules.unused("abc")) == 1 and not rules.unused("b")
    rules.filter("abc", [findings.Finding("y.c", 1, "bad")])
    assert not rules.unused("abc")


def test_command():
    def lint(*argv):
        return subprocess.run([LINT / "run", *argv], text=True,
                              capture_output=True, timeout=60, check=False)

    listed = lint("--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [c.name for c in CHECKS]
    done = lint("one-version", "version-code")
    assert done.returncode == 0 and "2 of 2 checks" in done.stdout
    assert lint("no-such-check").returncode == 2
