# SPDX-License-Identifier: GPL-2.0-only
"""rsync and its daemon: a tree of files up, down, and what has changed."""
import os

from place import MIB, digest, listening, until

BIG = 16 * MIB
SMALL = 64 << 10
FILES = 32
READY = "starting, listening on port"

CONFIG = """\
use chroot = no
uid = root
gid = root
max connections = 16
lock file = {home}/lock
[files]
    path = {root}
    read only = no
"""


def tree(directory):
    """The hash of each file."""
    return {name: digest(os.path.join(directory, name))
            for name in sorted(os.listdir(directory))}


def exercise(place):
    root = place.directory("root")
    config = place.write("rsyncd.conf", CONFIG.format(home=place.home,
                                                      root=root))
    port = place.serve(lambda port: place.argv(
        "rsync", "--daemon", "--no-detach", "--address=127.0.0.1",
        "--port", port, "--config", config, "--log-file=/dev/stdout"), READY)
    # It says so a moment before it is.
    until("the port is open", lambda: listening(port))
    url = f"rsync://127.0.0.1:{port}/files/"
    source = place.directory("source") + "/"
    place.payload(BIG, "source/big")
    for at in range(FILES):
        place.payload(SMALL, f"source/small.{at}", at + 2)
    size = BIG + FILES * SMALL
    with place.part("up", size):
        place.run(place.argv("rsync", "-a", source, url))
    place.same("up", tree(root), tree(source))
    back = place.directory("back")
    with place.part("down", size):
        place.run(place.argv("rsync", "-a", url, back))
    place.same("down", tree(back), tree(source))
    with open(os.path.join(source, "big"), "r+b") as file:
        file.seek(BIG // 2)
        file.write(place.payload(MIB, "change", 99).digest.encode() * 1000)
    with place.part("difference", SMALL):
        place.run(place.argv("rsync", "-a", "--no-whole-file", "-I", source,
                             url))
    place.same("difference", tree(root), tree(source))
