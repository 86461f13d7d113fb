# SPDX-License-Identifier: GPL-2.0-only
"""Faults that are planted: a check that overlooks one is no check."""
import collections
import os
import re
import sys

import programs

# plant(place) changes the place that is under the shim; reason is what must
# then be said.
Fault = collections.namedtuple("Fault", "plant reason")
ROW = programs.Row("fetch", ("nginx", "curl", "openssl"), 30)
CRASH = "import ctypes; ctypes.string_at(0)"


def no_shim(place):
    """The program runs, on plain TCP."""
    place.prefix = []


def rings(place):
    """The shim has a hold of what it must not have a hold of."""
    part = place.part
    place.part = lambda name, payload, _: part(name, payload, False)


def corrupt(place):
    """A byte changes when the hash is known."""
    make = place.payload

    def damaged(*words):
        payload = make(*words)
        with open(payload.path, "r+b") as file:
            file.seek(4711)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        return payload

    place.payload = damaged


def other_result(place):
    """Something that TCP has not given."""
    place.seen["planted"] = True


def hang(place):
    """A program that does not end."""
    run = place.run
    place.run = lambda argv, **options: run(["sleep", "1000"], **options)


def crash(place):
    """A program of which nobody waits for the status."""
    place.spawn([sys.executable, "-c", CRASH]).wait()


def server_ends(place):
    """A server that is gone before it is stopped."""
    serve = place.serve

    def short(*words):
        port = serve(*words)
        server = place.servers[-1].child
        place.stack.callback(lambda: (server.kill(), server.wait()))
        return port

    place.serve = short


FAULTS = {
    "no-shim": Fault(no_shim, "rings not used"),
    "rings": Fault(rings, "none expected"),
    "corrupt": Fault(corrupt, "fetch: '[0-9a-f]+', not"),
    "other-result": Fault(other_result, "not as on TCP"),
    "hang": Fault(hang, "no end after"),
    "crash": Fault(crash, "programs crashed"),
    "server-ends": Fault(server_ends, "ended by itself"),
}


def overlooked(name, reason):
    """What is wrong with this reason for the fault, or None."""
    wanted = FAULTS[name].reason
    if reason and re.search(wanted, reason):
        return None
    return f"{name} was planted, and what was said is: {reason}"
