# SPDX-License-Identifier: GPL-2.0-only
"""OpenSSH: both directions by ssh and scp."""
import os

from place import MIB, digest

SIZE = 4 * MIB
READY = "Server listening on"

CONFIG = """\
ListenAddress 127.0.0.1
HostKey {top}/host
AuthorizedKeysFile {top}/user.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""
KNOWN = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o",
         "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o",
         "BatchMode=yes", "-o", "LogLevel=ERROR")


def prepare(place):
    for name in ("host", "user"):
        place.run(place.argv("ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                             "-f", os.path.join(place.top, name)))
    # Where sshd shuts in the part of it that has no rights.
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def exercise(place):
    config = place.write("sshd_config", CONFIG.format(top=place.top))
    port = place.serve(lambda port: place.argv(
        "sshd", "-D", "-e", "-f", config, "-p", port), READY)
    words = [*KNOWN, "-i", os.path.join(place.top, "user")]
    ssh = place.argv("ssh", *words, "-p", port, "root@127.0.0.1")
    payload = place.payload(SIZE)
    stored = place.fresh()
    with place.part("up", SIZE):
        place.run([*ssh, f"cat >{stored}"], stdin=payload.path)
    place.file("up", stored, payload)
    with place.part("down", SIZE):
        out = place.run([*ssh, f"cat {stored}"])
    place.file("down", out, payload)
    with place.part("both ways", 2 * SIZE):
        out = place.run([*ssh, "cat"], stdin=payload.path)
    place.same("both ways", digest(out), payload.digest)
    scp = place.argv("scp", *words, "-P", port)
    there, back = place.fresh(), place.fresh()
    with place.part("scp", 2 * SIZE):
        place.run([*scp, payload.path, f"root@127.0.0.1:{there}"])
        place.run([*scp, f"root@127.0.0.1:{there}", back])
    place.file("scp there", there, payload)
    place.file("scp back", back, payload)
