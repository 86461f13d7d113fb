# SPDX-License-Identifier: GPL-2.0-only
"""iperf3: one way, the other, both, parallel streams, sendfile.

By what both ends have counted.  Its own test with a file (-F) damages what it
sends at each partial write, on TCP too, so that there is nothing to hash.
"""
import json

from place import MIB

SIZE = 64 * MIB
BLOCK = 128 << 10
STREAMS = 4
READY = "Server listening on"


def one(place, port, what, *words):
    """The server leaves what is still on the way when the client is done."""
    with place.part(what) as part:
        out = place.run(place.argv(
            "iperf3", "-c", "127.0.0.1", "-p", port, "-n", SIZE, "-l", BLOCK,
            "-J", "--connect-timeout", 60000, *words))
        with open(out, encoding="utf-8") as file:
            end = json.load(file)["end"]
        sent = end["sum_sent"]["bytes"]
        part.payload = received = end["sum_received"]["bytes"]
    # Of both directions, the first to have sent its share ends the test.
    place.same(f"{what}: sent", sent >= SIZE // 4, True)
    place.same(f"{what}: not more received", 0 < received <= sent, True)


def exercise(place):
    port = place.serve(lambda port: place.argv(
        "iperf3", "-s", "-B", "127.0.0.1", "-p", port, "--forceflush"), READY)
    for what, words in (("forward", ()), ("reverse", ("-R",)),
                        ("parallel", ("-P", STREAMS)), ("both", ("--bidir",)),
                        ("sendfile", ("-Z",))):
        one(place, port, what, *words)
