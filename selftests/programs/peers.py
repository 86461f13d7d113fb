# SPDX-License-Identifier: GPL-2.0-only
"""Clients and servers written in other languages: peers/ has them.

Each is a command with serve, get and put, which speaks HTTP to the others.
"""
import collections
import os

import programs
import web
from place import MIB

HERE = os.path.dirname(os.path.abspath(__file__))
READY = "ready"
SIZE = 16 * MIB

# shimmed: the shim has a hold of it; else it must stay on TCP and be right.
Language = collections.namedtuple("Language", "program words shimmed")

NODE = Language("node", (os.path.join(HERE, "peers/peer.js"),), True)
# The interpreter's start is most of the time in an emulated machine.
JAVA = Language("java", ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                         "-Xshare:auto", "-cp", programs.BUILT, "Peer"), True)
GO = Language(os.path.join(programs.BUILT, "peer-go"), (), False)


def argv(place, language, *words):
    return place.argv(language.program, *language.words, *words)


def fetch(place, language, what, port, payload, rings):
    """By the language's client."""
    out = place.fresh()
    name = os.path.basename(payload.path)
    with place.part(f"{what}: get", payload.size, rings):
        place.run(argv(place, language, "get", f"{web.url(port)}/{name}", out))
    place.file(f"{what}: get", out, payload)


def store(place, language, what, port, payload, rings):
    name = f"up.{place.made}"
    with place.part(f"{what}: put", payload.size, rings):
        place.run(argv(place, language, "put", payload.path,
                       f"{web.url(port)}/{name}"))
    place.file(f"{what}: put", place.path("www", name), payload)


def exercise(place, language):
    """Its client with nginx, curl with its server, both of its own."""
    rings = language.shimmed
    behind = web.nginx(place).port
    payload = place.payload(SIZE, "www/payload")
    own = place.serve(lambda port: argv(
        place, language, "serve", place.path("www"), port), READY)
    for port, server in ((behind, "nginx"), (own, "its own")):
        fetch(place, language, f"client, {server}", port, payload, rings)
        store(place, language, f"client, {server}", port, payload, rings)
    web.get(place, "server, curl: get", web.url(own), payload, rings=rings)
    web.put(place, "server, curl: put", web.url(own), payload, rings=rings)
