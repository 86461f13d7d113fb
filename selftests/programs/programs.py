# SPDX-License-Identifier: GPL-2.0-only
"""The programs that are run under the shim: a row and a file each.

rows/NAME.py has exercise(place), which does the same on plain TCP and under
the shim; prepare(place), where there is one, is called once before both.
"""
import collections
import glob
import os
import shutil

import rowcases

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("SDIRECT_BUILD", os.path.join(TOP, "build"))
BUILT = os.path.join(BUILD, "selftests/programs")

# Where programs are that are not in everybody's PATH.
PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin")
VERSIONED = ("/usr/lib/postgresql/*/bin",)      # one for each release
SETUP = "tools/setup programs"

# needs: what must be installed; limit: seconds for all of it; quick: also
# done where there is little time; built: what the Makefile here has built.
Row = collections.namedtuple("Row", "name needs limit quick built",
                             defaults=(False, ()))

ROWS = (
    Row("redis", ("redis-server", "redis-cli"), 240, True),
    Row("nginx", ("nginx", "curl", "openssl"), 240, True),
    Row("curl", ("nginx", "curl", "openssl"), 240),
    Row("memcached", ("memcached", "memccp", "memccat"), 240),
    Row("postgres", ("initdb", "postgres", "psql", "pgbench", "setpriv"),
        400),
    Row("mariadb", ("mariadbd", "mariadb", "mariadb-install-db"), 400),
    Row("haproxy", ("haproxy", "nginx", "curl", "openssl"), 240),
    Row("ssh", ("sshd", "ssh", "scp", "ssh-keygen"), 240),
    Row("rsync", ("rsync",), 240),
    Row("iperf3", ("iperf3",), 240),
    Row("node", ("node", "nginx", "curl", "openssl"), 300),
    Row("java", ("java", "nginx", "curl", "openssl"), 400,
        built=("Peer.class",)),
    Row("go", ("nginx", "curl", "openssl"), 240, built=("peer-go",)),
)


def find(program):
    """The path of a program, or None."""
    # Before PATH, which has a wrapper for some of these, and not the others.
    newest = sorted(sum(map(glob.glob, VERSIONED), []), reverse=True)
    return (shutil.which(program, path=":".join(newest)) or
            shutil.which(program) or
            shutil.which(program, path=":".join(PLACES)))


def missing(row):
    """What must be there first, as a sentence; None if nothing."""
    lack = [name for name in row.needs if not find(name)]
    if lack:
        return (f"not installed: {', '.join(lack)}; run '{SETUP}', which "
                "installs them")
    lack = [name for name in row.built
            if not os.path.exists(os.path.join(BUILT, name))]
    if lack:
        return (f"not built: {', '.join(lack)}; run 'make -C "
                "selftests/programs'")
    return None


def chosen(names):
    """The rows of these names, all if there are none."""
    return rowcases.chosen(ROWS, names, "program")
