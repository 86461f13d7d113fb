# SPDX-License-Identifier: GPL-2.0-only
"""The tests that take long or depend on the kernel, in stages for staged.py."""
import hashlib
import os
import sys
from typing import NamedTuple

import plan

sys.path.insert(0, str(plan.TOP / "tools/lint"))

from tree import Tree  # noqa: E402

HERE = "selftests/"
# What does not change any result.
TEXTS = ("Documentation", "README.md", "COPYING", ".ci", ".gitignore",
         "dkms.conf", "tools/man", "tools/demo", "tools/bench")
MODULE = ("Kbuild", "kmod", "uapi", "tools/module-for", "tools/debug-kernel",
          "tools/vm", "selftests/kernel")
ALL = ("",)


class Stage(NamedTuple):
    """One run of pytest.

    tests: files and directories; options: what else pytest is told;
    weight: how long programs run that may run for any time, relatively;
    limit: minutes beyond that time, after which it is taken to hang;
    inputs: what its result depends on, as beginnings of paths
    """
    name: str
    tests: tuple
    options: tuple = ()
    weight: int = 1
    limit: int = 20
    inputs: tuple = ALL
    env: tuple = ()
    needs_debug: bool = False


def torture(program, weight=1):
    return Stage(program, ("test_torture.py",), ("-m", "guest"), weight,
                 env=(("SDIRECT_TORTURE", program),))


STAGES = (
    torture("death", 3),
    Stage("kunit", ("test_kunit.py",), needs_debug=True,
          inputs=MODULE + tuple(HERE + name for name in (
              "test_kunit.py", "conftest.py", "guestrun.py"))),
    Stage("plain", ("guest", "net"), ("-k", "not shim or epilogue"), limit=60),
    Stage("shim", ("guest", "net"), ("-k", "shim or epilogue"), limit=40),
    Stage("compat", ("test_compat.py",), limit=90),
    torture("hostile"),
    torture("fuzz"),
    torture("races"),
    Stage("corpus", ("test_fuzz.py",)),
    Stage("programs", ("test_programs.py",), limit=60),
    Stage("topology", ("test_topology.py",), limit=40),
    Stage("many", ("test_many.py",)),
    Stage("spaces", ("test_rdma_spaces.py",), needs_debug=True),
    Stage("iwarp", ("test_iwarp.py",), limit=60, needs_debug=True),
    Stage("surroundings", ("test_surroundings.py",)),
    Stage("judge", ("test_judge.py",)),
    Stage("policy", ("test_policy_live.py",), limit=40),
    Stage("fault", ("test_fault.py",), weight=12, limit=40,
          needs_debug=True),
)

# The same on any kernel: make check has done them.  And rdma: soft RoCE of 6.1
# reads a packet that it has given away (rxe_resp_queue_pkt()), which KASAN sees.
ANYWHERE = ("bench", "build", "coverage", "debug_kernel", "docs", "klog",
            "lint", "model", "mutants", "native", "policy", "rdma", "runner",
            "staged")


# The comparison with TCP: all groups of selftests/compat, and those that are
# made up; then what others have written.
COMPAT = ("connect", "data", "epoll", "files", "flags", "life", "options",
          "ready", "sharing", "shim", "uring", "random")

COMPAT_STAGES = (
    *(Stage(name, ("test_compat.py",), env=(("SDIRECT_COMPAT", name),),
            limit=120) for name in COMPAT),
    Stage("suites", ("test_suites.py",), env=(("SDIRECT_SUITES", "all"),),
          limit=60),
    Stage("programs", ("test_programs.py",), limit=40,
          env=(("SDIRECT_PROGRAMS", "all"),)),
)


class Command(NamedTuple):
    """Each stage once, on one kernel.

    kernel: debug or stock; env: for all stages; seconds: for a weight of 1
    """
    name: str
    stages: tuple
    kernel: str
    env: dict
    seconds: int


# A kernel with all checks is several times slower: less of each, more time.
COMMANDS = {command.name: command for command in (
    Command("check-debug", STAGES, "debug",
            {"SDIRECT_SCALE": "25", "SDIRECT_TIME": "4"}, 30),
    Command("check-compat", COMPAT_STAGES, "stock", {}, 60),
)}


def existing(stages):
    """Those whose tests are there."""
    return [stage for stage in stages
            if (plan.TOP / HERE / stage.tests[0]).exists()]


def of_texts(path):
    return any(path == text or path.startswith(text + "/") for text in TEXTS)


def key(stage, kernel_tag, env, tree=None):
    """Names all that the result of a stage depends on."""
    tree = tree or Tree()
    digest = hashlib.sha256(repr((stage, kernel_tag, sorted(env.items())))
                            .encode())
    for path in tree.files:
        name = str(path)
        if name.startswith(stage.inputs) and not of_texts(name):
            mode = os.access(tree.root / path, os.X_OK)
            digest.update(f"\0{name}\0{mode}\0".encode())
            digest.update((tree.root / path).read_bytes())
    return digest.hexdigest()[:20]
