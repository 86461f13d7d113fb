# SPDX-License-Identifier: GPL-2.0-only
"""Checks that other programs make.

Each takes a tree and returns the findings, all of them: what is suppressed is
not known here.
"""
import os
import shutil
import subprocess
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kernelsrc
from findings import Finding, parse

HERE = Path(__file__).resolve().parent
CPUS = 2                # the same everywhere: results must not depend on it
LIMIT = 900             # seconds for one run of a program
USER_FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", '-DLIBDIR="/usr/lib"')


class Missing(Exception):
    """A program is not installed."""


class Broken(Exception):
    """A program ended without having done its work."""


def program(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"{name} is missing: run 'tools/setup lint'")
    return path


def run(argv, cwd, good=(0, 1), both=True):
    """The output of a program that ends with one of the good statuses."""
    env = {key: value for key, value in os.environ.items()
           if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "KCFLAGS")}
    done = subprocess.run([str(arg) for arg in argv], cwd=cwd, text=True,
                          errors="replace", timeout=LIMIT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT if both
                          else subprocess.PIPE,
                          env=dict(env, LC_ALL="C.UTF-8"), check=False)
    if done.returncode not in good:
        tail = (done.stdout + (done.stderr or "")).splitlines()[-20:]
        raise Broken("\n".join([f"{argv[0]} ended with {done.returncode}:"] +
                               tail))
    return done.stdout


def in_parts(function, items):
    """Calls function with parts of items, two at a time; joins the results."""
    if not items:
        return []
    size = max(1, min(12, -(-len(items) // CPUS)))
    parts = [items[at:at + size] for at in range(0, len(items), size)]
    with ThreadPoolExecutor(CPUS) as pool:
        return [found for result in pool.map(function, parts)
                for found in result]


def checkpatch(tree, paths):
    """In a directory of its own: it leaves a file where it runs."""
    script = kernelsrc.scripts() / "checkpatch.pl"

    def part(some):
        with tempfile.TemporaryDirectory() as cwd:
            return parse(run([program("perl"), script, "--strict", "--no-tree",
                              "--no-summary", "--terse", "--show-types",
                              "--color=never", "-f",
                              *[tree.root / path for path in some]], cwd),
                         tree)

    return in_parts(part, paths)


def checkpatch_kernel(tree):
    return checkpatch(tree, tree.kernel_c)


def checkpatch_user(tree):
    return checkpatch(tree, tree.user_c)


def kernel_doc(tree):
    script = kernelsrc.scripts() / "kernel-doc"
    return in_parts(lambda some: parse(run([program("perl"), script, "-none",
                                            *some], tree.root,
                                           good=range(256)), tree),
                    tree.headers)


SPARSE = ("C=2", "CF=-D__CHECK_ENDIAN__")
KUNIT = ("SDIRECT_KUNIT=y",)


def build_module(tree, kdir, *more):
    """Builds the module outside of the tree, where the sources are links."""
    out = tree.build / "lint" / kdir.resolve().name
    output = run(["sh", tree.root / "tools/module-for", kdir, out, *more],
                 tree.root, good=(0, 2)).replace(f"{out}/", "")
    found = [finding for finding in parse(output, tree)
             if finding.what.startswith(("warning:", "error:"))]
    if not found and " Error " in output:
        raise Broken("\n".join(output.splitlines()[-20:]))
    return found


def compiler(tree):
    """Warnings are errors there, so none is lost with what is up to date."""
    return build_module(tree, kernelsrc.kdir())


def compiler_kunit(tree):
    return build_module(tree, kernelsrc.debug_kdir(), *KUNIT)


def sparse(tree):
    program("sparse")
    return build_module(tree, kernelsrc.kdir(), *SPARSE)


def sparse_kunit(tree):
    program("sparse")
    return build_module(tree, kernelsrc.debug_kdir(), *KUNIT, *SPARSE)


def semantic_patches():
    """The kernel's own that can report; this spatch cannot compile OCaml."""
    for path in sorted((kernelsrc.scripts() / "coccinelle").rglob("*.cocci")):
        text = path.read_text(errors="replace")
        if "virtual report" in text and ":ocaml@" not in text:
            options = [word for line in text.splitlines()
                       if line.startswith("// Options:")
                       for word in line.split()[2:]]
            yield path, options


def apply_semantic(tree, path, options):
    output = run([program("spatch"), "-D", "report", "--very-quiet",
                  "--no-show-diff", "--cocci-file", path, *options,
                  "--include-headers", "--dir", "kmod"], tree.root,
                 good=(0,), both=False)
    return [Finding(found.path, found.line, f"{path.stem}: {found.what}")
            for found in parse(output, tree)]


def coccinelle(tree):
    return in_parts(lambda some: [found for path, options in some for found in
                                  apply_semantic(tree, path, options)],
                    list(semantic_patches()))


def cppcheck(tree):
    return parse(run([program("cppcheck"), "--quiet", "--std=c11",
                      "--enable=warning,style,performance,portability",
                      f"-j{CPUS}", "--template={file}:{line}: {id}: {message}",
                      f"-I{kernelsrc.harness()}", "-D__x86_64__=1",
                      *USER_FLAGS[1:], *tree.include_flags, *tree.user_units],
                     tree.root), tree)


def clang(tree, config):
    """Headers of ours are looked into, those of others are not."""
    def part(some):
        return parse(run([program("clang-tidy"), "--quiet",
                          f"--config-file={HERE / config}", *some, "--",
                          *USER_FLAGS, *tree.include_flags, "-isystem",
                          kernelsrc.harness()], tree.root, both=False), tree,
                     drop="note: ")

    found = in_parts(part, tree.user_units)
    return list(dict.fromkeys(found))


def clang_tidy(tree):
    return clang(tree, "clang-tidy.yaml")


def clang_analyzer(tree):
    return clang(tree, "clang-analyzer.yaml")


def shellcheck(tree):
    return parse(run([program("shellcheck"), "--format=gcc", *tree.shell],
                     tree.root), tree)


def codespell(tree):
    return parse(run([program("codespell"), "--quiet-level=2", *tree.prose],
                     tree.root, good=range(256)), tree)


def mandoc(tree):
    return parse(run([program("mandoc"), "-Tlint", *tree.pages], tree.root,
                     good=range(6)), tree)


def pyflakes(tree):
    return parse(run([program("pyflakes3"), *tree.python], tree.root), tree)


def python(tree):
    """Compiles, and takes what the compiler only warns of for an error."""
    found = []
    for path in tree.python:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                compile(tree.text(path), str(path), "exec")
        except SyntaxError as err:
            found.append(Finding(str(path), err.lineno or 1, err.msg))
    return found
