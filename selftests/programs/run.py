#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs unmodified programs under the shim, against the same on plain TCP.

Needs root and loads the module: tools/vm/run selftests/programs/run.py
"""
import importlib
import os
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
MODULE = os.environ.get("SDIRECT_MODULE", os.path.join(TOP, "sdirect.ko"))
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
sys.path[:0] = [HERE, os.path.join(TOP, "tools/demo")]

# pylint: disable=wrong-import-position
import kernel           # noqa: E402
import place            # noqa: E402
import planted          # noqa: E402
import proc             # noqa: E402
import programs         # noqa: E402
import watch            # noqa: E402
from rowcases import Report, say    # noqa: E402

# Plain TCP first: where it fails, the fault is not the shim's.
TRANSPORTS = ("tcp", "shim")
READY_LIMIT = 120       # seconds for a server to start, or to stop
REPORT = Report("selftests/programs/run.py", "program", "programs")


class Runner:
    """All rows, one after the other."""

    def __init__(self):
        self.counters = place.Meter(programs.BUILD)
        self.bin = tempfile.mkdtemp(prefix="sdirect-bin-")
        os.chmod(self.bin, 0o755)
        self.shim = place.copy_shim(programs.BUILD, self.bin)
        self.log = watch.Log()

    def exercise(self, row, transport, directory, plant):
        """One row on one transport; what came out of it."""
        module = importlib.import_module(f"rows.{row.name}")
        here = place.Place(transport, directory, self.counters, self.shim, say)
        if transport == "tcp" and hasattr(module, "prepare"):
            module.prepare(here)
        if transport == "shim":
            plant(here)
        try:
            with here:
                module.exercise(here)
        except Exception:
            for server in here.servers:
                say(f"{' '.join(server.command)} said:")
                for line in server.lines:
                    say("    " + line)
            raise
        return here.seen

    def compare(self, row, plant):
        """Why it has failed, or None."""
        seen = {}
        with tempfile.TemporaryDirectory(prefix=f"sdirect-{row.name}-",
                                         ignore_cleanup_errors=True) as top:
            os.chmod(top, 0o755)
            for transport in TRANSPORTS:
                try:
                    seen[transport] = self.exercise(row, transport, top, plant)
                except Exception as error:  # pylint: disable=broad-except
                    if not isinstance(error, (place.Failed, proc.DemoError)):
                        traceback.print_exc(file=sys.stdout)
                    return f"{transport}: {type(error).__name__}: {error}"
        if seen["tcp"] != seen["shim"]:
            return f"not as on TCP: {seen}"
        return None if seen["tcp"] else "it has compared nothing"

    def reason(self, row, plant=lambda here: None):
        """Why it has failed, or None."""
        reason = programs.missing(row)
        if reason:
            return reason
        reason = watch.reason_of(
            row.name, lambda: self.compare(row, plant), row.limit * SLOWER,
            say, [os.path.join(programs.BUILD, "sdirect"), "list"])
        crashes = self.log.crashes()
        if crashes:
            reason = "\n".join([*crashes, f"programs crashed; {reason or ''}"])
        return reason


def notice(runner, name):
    """Plants a fault."""
    plant = planted.FAULTS[name].plant
    return planted.overlooked(name, runner.reason(planted.ROW, plant))


def run(options):
    """All that was asked for; true if all is well."""
    runner = Runner()
    return all([*REPORT.rows(options, runner.reason),
                *REPORT.faults(options, planted.FAULTS,
                               lambda name: notice(runner, name))])


def main():
    options = REPORT.parse(__doc__, programs.chosen, sys.argv[1:])
    if options.list:
        for row in options.rows:
            print(f"{row.name:12}{'quick' if row.quick else '':8}"
                  f"{programs.missing(row) or ''}".rstrip())
        return 0
    # Some are slow to start in an emulated machine.
    proc.START_LIMIT = proc.STOP_LIMIT = READY_LIMIT * SLOWER
    watch.adopt()
    try:
        subprocess.run([programs.find("ip"), "link", "set", "lo", "up"],
                       check=True, timeout=proc.START_LIMIT)
        with kernel.module(os.path.dirname(MODULE), say):
            return 0 if run(options) else 1
    except (proc.DemoError, subprocess.SubprocessError, OSError) as error:
        say(f"cannot go on: {error}")   # or the module does not go
        return 2


if __name__ == "__main__":
    sys.exit(main())
