# SPDX-License-Identifier: GPL-2.0-only
"""The debug kernels: their configuration, and what is said without them."""
import collections
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

import pytest

import plan

sys.path.insert(0, str(plan.TOP / "tools" / "vm"))

import built  # noqa: E402


def load(path):
    """A program as a module; its name need not end in .py."""
    name = path.name.replace("-", "_")
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


BUILDER = load(plan.TOP / "tools/debug-kernel")


@pytest.mark.parametrize("asked, config, dropped", [
    ("CONFIG_A=y\n", "CONFIG_A=y\nCONFIG_B=y\n", []),
    ("CONFIG_A=y\n", "CONFIG_A=m\n", ["CONFIG_A=y (is m)"]),
    ("CONFIG_A=y\n", "# CONFIG_A is not set\n", ["CONFIG_A=y (is n)"]),
    ("CONFIG_A=n\n", "# CONFIG_A is not set\n", []),
    ("CONFIG_A=n\n", "CONFIG_A=y\n", ["CONFIG_A=n (is y)"]),
    ("# CONFIG_A=y\nCONFIG_B=7\n", "CONFIG_B=8\n", ["CONFIG_B=7 (is 8)"]),
])
def test_dropped_options(asked, config, dropped):
    assert BUILDER.dropped_options(asked, config) == dropped


@pytest.mark.parametrize("flavour", built.FLAVOURS)
def test_nothing_is_asked_for_twice(flavour):
    names = [line.partition("=")[0]
             for line in built.fragment(flavour).splitlines()
             if line and not line.startswith("#")]
    assert names and all(name.startswith("CONFIG_") for name in names)
    twice = [name for name, count in collections.Counter(names).items()
             if count > 1]
    assert not twice


@pytest.mark.parametrize("flavour", built.FLAVOURS)
def test_not_built(flavour, tmp_path):
    done = subprocess.run(
        [plan.TOP / "tools/vm/run", "--kernel", flavour, "true"], text=True,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
        env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path)))
    assert done.returncode == 125 and "tools/debug-kernel" in done.stderr
