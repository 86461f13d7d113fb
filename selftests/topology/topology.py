#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections through all local topologies, over AF_SDIRECT and under the shim.

Needs root and loads the module: tools/vm/run selftests/topology/topology.py
"""
import argparse
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

TRANSPORTS = ("direct", "shim")
ROW_LIMIT = 90          # seconds, on a machine that is not slow
SETUP = "tools/setup check"


def mark(*words):
    print("@@", *words, flush=True)


def say(text):
    print("#", text, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="selftests/topology/topology.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit status: 0 all is well, 1 a topology failed, 2 it could "
        "not be run, or the module does not go any more.")
    parser.add_argument("--list", action="store_true",
                        help="say which topologies there are, and end")
    parser.add_argument("--faults", action="store_true",
                        help="then plant faults: each must be noticed")
    parser.add_argument("name", nargs="*", help="topologies (default: all)")
    options = parser.parse_args(arguments)
    try:
        options.rows = topologies.chosen(options.name)
    except LookupError as error:
        parser.error(str(error))
    return options


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


def case(name, find, replay):
    """Prints what guestrun.py reads; true if there is no reason to fail."""
    begin = time.monotonic()
    mark("case", name)
    reason = find()
    if not reason:
        mark("passed", f"{name}, {time.monotonic() - begin:.0f} s")
        return True
    for line in reason.splitlines():
        say(line)
    say(f"replay: tools/vm/run selftests/topology/topology.py {replay}")
    mark("failed", reason.splitlines()[0])
    return False


def notice(mistake):
    """Plants a fault; what is wrong with what is said of it, or None."""
    return mistakes.overlooked(mistake, reason_of(mistake.row,
                                                  mistake.transports))


def run(options):
    """All that was asked for; true if all is well."""
    mark("section", "topologies")
    good = [case(row.name, lambda row=row: reason_of(row), row.name)
            for row in options.rows]
    say(f"{sum(good)} of {len(good)} topologies passed")
    if options.faults:
        mark("section", "faults")
        good += [case(each.name, lambda each=each: notice(each),
                      f"--faults {options.rows[0].name}")
                 for each in mistakes.MISTAKES]
    return all(good)


def main():
    options = parse(sys.argv[1:])
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
