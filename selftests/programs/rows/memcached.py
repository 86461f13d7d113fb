# SPDX-License-Identifier: GPL-2.0-only
"""memcached: many values at once, and a large one, by its own commands."""
import os

from place import MIB, digest

FILES = 32
SIZE = MIB // 2
LARGE = 8 * MIB


def exercise(place):
    port = place.serve(lambda port: place.argv(
        "memcached", "-u", "root", "-l", "127.0.0.1", "-p", port, "-U", "0",
        "-m", "128", "-I", "16m", "-t", "4", "-vv"), "server listening")
    files = [place.payload(SIZE, f"value.{at}", at) for at in range(FILES)]
    where = f"--servers=127.0.0.1:{port}"
    with place.part("set", FILES * SIZE):
        place.run(place.argv("memccp", where, *[f.path for f in files]))
    wanted = place.fresh("wanted")
    with open(wanted, "wb") as whole:
        for file in files:
            with open(file.path, "rb") as one:
                whole.write(one.read() + b"\n")     # as memccat separates them
    with place.part("get", FILES * SIZE):
        out = place.run(place.argv("memccat", where, *[
            os.path.basename(file.path) for file in files]))
    place.same("values", digest(out), digest(wanted))
    large = place.payload(LARGE, "large", FILES)
    out = place.fresh()
    with place.part("large value", 2 * LARGE):
        place.run(place.argv("memccp", where, large.path))
        place.run(place.argv("memccat", where, f"--file={out}", "large"))
    place.same("large value", digest(out), large.digest)
