#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections through all local topologies, over AF_SDIRECT and under the shim.

Needs root and loads the module: tools/vm/run selftests/topology/topology.py
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
sys.path[1:1] = [str(TOP / "selftests/programs"), str(TOP / "tools/demo")]

# pylint: disable=wrong-import-position
import kernel           # noqa: E402
import mistakes         # noqa: E402
import proc             # noqa: E402
import spaces           # noqa: E402
import talk             # noqa: E402
import topologies       # noqa: E402
import watch            # noqa: E402
from rowcases import Report, say    # noqa: E402

TRANSPORTS = ("direct", "shim")
ROW_LIMIT = 90          # seconds, on a machine that is not slow
SETUP = "tools/setup check"
REPORT = Report("selftests/topology/topology.py", "topology", "topologies")


def hold(net, row, talkings):
    """All talks at once; the first thing that is wrong, or None."""
    for talking in talkings:
        talking.wait("connected")
    before = row.before(net) if row.before else None
    for peer in [end for talking in talkings for end in talking.ends()]:
        peer.go()
    for talking in talkings:
        server, client = talking.wait("moved")
        wrong = talk.judge(talking.talk, (row.client, row.server), server,
                           client)
        if wrong:
            return wrong
    wrong = row.proof and row.proof(net, talkings, before)
    if wrong:
        return f"not this topology: {wrong}"
    for talking in talkings:
        talking.release()
        wrong = talk.wrong_payload(*talking.finish())
        if wrong:
            return f"at the end: {wrong}"
    return None


def exercise(row, transports):
    """Makes the topology; why a transport has failed in it, or None."""
    with contextlib.ExitStack() as stack:
        net = spaces.Net()
        stack.callback(net.close)
        talks = row.make(net)
        net.flush()
        for number, transport in enumerate(transports):
            begin = time.monotonic()
            with contextlib.ExitStack() as running:
                talkings = []
                for each in talks:
                    talkings.append(talk.Talking(net, each, transport, number))
                    running.callback(talkings[-1].stop)
                wrong = hold(net, row, talkings)
            say(f"{row.name}, {transport}: {wrong or 'well'}, "
                f"{time.monotonic() - begin:.1f} s")
            if wrong:
                return f"{transport}: {wrong}"
    return None


def attempt(row, transports):
    """The same, with whatever goes wrong on the way as the reason."""
    try:
        return exercise(row, transports)
    except (talk.Failed, OSError) as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        return f"{type(error).__name__}: {error}"


def reason_of(row, transports=TRANSPORTS):
    """Why the row has failed, or None; nothing of it is left behind."""
    reason = watch.reason_of(row.name, lambda: attempt(row, transports),
                             ROW_LIMIT * talk.SLOWER, say,
                             [str(talk.BUILD / "sdirect"), "list"])
    spaces.remove_all()
    return reason


def notice(mistake):
    """Plants a fault; what is wrong with what is said of it, or None."""
    return mistakes.overlooked(mistake, reason_of(mistake.row,
                                                  mistake.transports))


def run(options):
    """All that was asked for; true if all is well."""
    mistake = {each.name: each for each in mistakes.MISTAKES}
    return all([*REPORT.rows(options, reason_of),
                *REPORT.faults(options, mistake,
                               lambda name: notice(mistake[name]))])


def main():
    options = REPORT.parse(__doc__, topologies.chosen, sys.argv[1:])
    if options.list:
        for row in options.rows:
            print(row.name)
        return 0
    missing = [name for name in spaces.NEEDS if not spaces.find(name)]
    if missing:
        say(f"not installed: {', '.join(missing)}; run '{SETUP}'")
        return 2
    watch.adopt()
    try:
        with kernel.module(os.path.dirname(MODULE), say):
            return 0 if run(options) else 1
    except (proc.DemoError, subprocess.SubprocessError, OSError) as error:
        say(f"cannot go on: {error}")   # or the module does not go
        return 2


if __name__ == "__main__":
    sys.exit(main())
