# SPDX-License-Identifier: GPL-2.0-only
"""The sdirect module: loading, counters, unloading."""

import contextlib
import json
import os
import shutil

from proc import DemoError, run

# What this demo reads from `sdirect stat --json`; no other file names keys.
RING_TX = "ring_tx_bytes"
RING_RX = "ring_rx_bytes"
DETAILS = ("switches_to_ring", "ring_grows", "ring_tx_calls", "ring_rx_calls",
           "doorbells", "sleeps")

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name):
    """The path of a program, also from the administrator's PATH."""
    path = shutil.which(name) or shutil.which(name, path=_SBIN)
    if not path:
        raise DemoError("%s is not installed (tools/setup installs it)" % name)
    return path


def loaded():
    """Is the module in the kernel?"""
    try:
        with open("/proc/modules", encoding="ascii") as modules:
            return any(line.split()[0] == "sdirect" for line in modules)
    except FileNotFoundError:   # a kernel without modules
        return False


@contextlib.contextmanager
def module(top, say):
    """Loads the tree's module unless one is loaded; unloads what it loaded."""
    if loaded():
        say("module sdirect: already loaded, used as it is")
        yield
        return
    image = os.path.join(top, "sdirect.ko")
    if not os.path.exists(image):
        raise DemoError("sdirect is not loaded and %s does not exist: "
                        "run make first, or choose --transport tcp,unix"
                        % image)
    if os.geteuid():
        raise DemoError("loading the module needs root: run make demo, "
                        "or choose --transport tcp,unix")
    run([find_program("insmod"), image])
    say("module sdirect: loaded from %s" % image)
    failed = True
    try:
        yield
        failed = False
    finally:
        try:
            _unload(say)
        except DemoError as error:
            # What went wrong first matters more.
            if not failed:
                raise
            say("module sdirect: %s" % error)


def _unload(say):
    run([find_program("rmmod"), "sdirect"])
    if loaded():
        raise DemoError("the module is still there after rmmod")
    say("module sdirect: unloaded, nothing left")


class Counters:
    """The module's counters, as differences."""

    def __init__(self, build):
        self.command = [os.path.join(build, "sdirect"), "stat", "--json"]

    def read(self):
        """All counters now."""
        try:
            values = json.loads(run(self.command, limit=30))
        except ValueError as error:
            raise DemoError("sdirect stat --json: %s" % error) from None
        for key in (RING_TX, RING_RX):
            if not isinstance(values.get(key), int):
                raise DemoError("sdirect stat --json has no %s" % key)
        return values


def ring_bytes(before, after):
    """Bytes that were written to rings and read from them."""
    return min(after[key] - before[key] for key in (RING_TX, RING_RX))


def details(before, after):
    """What else happened, as far as this module counts it."""
    return {key: after[key] - before.get(key, 0) for key in DETAILS
            if isinstance(after.get(key), int)}
