# SPDX-License-Identifier: GPL-2.0-only
"""All checks, one a line, the fast ones first."""
from typing import Callable, NamedTuple

import gates
import outside


class Check(NamedTuple):
    name: str
    function: Callable      # of a Tree; returns its findings
    fast: bool              # part of make check, without a build of the module
    looks_at: str           # attribute of a Tree: which files
    what: str


CHECKS = tuple(Check(*row) for row in (
    ("includes", gates.include_order, True, "kernel_c",
     "no circles, carriers apart from policy, uapi/ alone"),
    ("no-kmod", gates.no_kmod_in_tools, True, "user_c",
     "user space includes nothing of kmod/"),
    ("lengths", gates.lengths, True, "files",
     "of files and functions"),
    ("version-code", gates.version_code, True, "kernel_c",
     "kernel versions are compared in compat.h only"),
    ("barriers", gates.barriers, True, "kernel_c",
     "in few files, each with a comment"),
    ("barrier-pairs", gates.barrier_pairs, True, "kernel_c",
     "each that a comment's diagram promises is there"),
    ("one-version", gates.one_version, True, "files",
     "the version is written down once"),
    ("runnable", gates.runnable, True, "files",
     "what names its interpreter can be run"),
    ("python", outside.python, True, "python",
     "compiles without a warning"),
    ("pyflakes", outside.pyflakes, True, "python",
     "what a Python compiler would not see"),
    ("shellcheck", outside.shellcheck, True, "shell",
     "scripts"),
    ("mandoc", outside.mandoc, True, "pages",
     "manual pages"),
    ("codespell", outside.codespell, True, "prose",
     "spelling"),
    ("kernel-doc", outside.kernel_doc, True, "headers",
     "comments of interfaces are complete"),
    ("checkpatch", outside.checkpatch_kernel, True, "kernel_c",
     "the kernel's style, strictly, in kmod/ and uapi/"),
    ("checkpatch-user", outside.checkpatch_user, True, "user_c",
     "the same in tools/ and selftests/"),
    ("cppcheck", outside.cppcheck, True, "user_units",
     "C of user space"),
    ("clang-tidy", outside.clang_tidy, True, "user_units",
     "C of user space: what is probably a bug"),
    ("clang-analyzer", outside.clang_analyzer, False, "user_units",
     "C of user space: follows the paths through functions"),
    ("compiler", outside.compiler, False, "kernel_c",
     "the module, with W=1"),
    ("sparse", outside.sparse, False, "kernel_c",
     "the module: address spaces, byte order, locks"),
    ("compiler-kunit", outside.compiler_kunit, False, "kernel_tests",
     "its unit tests, for the debug kernel if that is there, with W=1"),
    ("sparse-kunit", outside.sparse_kunit, False, "kernel_tests",
     "the same, with sparse"),
    ("coccinelle", outside.coccinelle, False, "kernel_c",
     "the module: the kernel's semantic patches"),
))
BY_NAME = {check.name: check for check in CHECKS}
