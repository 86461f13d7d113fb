# SPDX-License-Identifier: GPL-2.0-only
"""Calls of sdirect-bench."""
import os
import sys

from benches import TRANSPORTS, sizes_of

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("SDIRECT_BUILD") or os.path.join(TOP, "build")
sys.path.append(os.path.join(TOP, "tools/demo"))

# pylint: disable=wrong-import-position
from proc import DemoError, run         # noqa: E402

LIMIT = 110             # seconds for one call


def command_of(name, env):
    """What to start for a transport, with this environment."""
    row = TRANSPORTS[name]
    prefix = ["env", *("%s=%s" % item for item in env.items())] if env else []
    if row.shim == "run":
        # However many of the connections carry but one request.
        prefix += ["env", "SDIRECT_STORM=0",
                   os.path.join(BUILD, "sdirect-run"), "--require", "--"]
    elif row.shim == "preload":
        prefix += ["env", "LD_PRELOAD="
                   + os.path.join(BUILD, "libsdirect-preload.so")]
    return prefix + [os.path.join(BUILD, "sdirect-bench"), "--limit",
                     str(LIMIT - 10), "--transport", row.row]


def measure(bench, transport, clients, seconds, env):
    """[(size, metric, value, unit)] of one call, with this environment."""
    sizes = ",".join(map(str, sizes_of(bench, transport)))
    words = ["--sizes", sizes, "--seconds", str(seconds)]
    if clients:
        words += ["--clients", str(clients), "--active",
                  str(min(clients, bench.active or clients))]
    text = run([*command_of(transport, env), *words, *bench.command], LIMIT)
    lines = [line.split("\t") for line in text.splitlines()]
    if any(len(line) != 4 for line in lines):
        raise DemoError("sdirect-bench printed %r" % text[-200:])
    return [(int(size), metric, float(value), unit)
            for size, metric, value, unit in lines]
