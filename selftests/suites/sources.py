#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the suites that only Debian's source packages have.

They are fetched by apt, whose signatures hold for them, and unpacked or
compiled once into the cache; the directory is printed.
"""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import listed  # noqa: E402

sys.path.insert(0, str(listed.HERE.parents[1] / "tools" / "vm"))

from image import cache_dir  # noqa: E402

KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LIMIT = 600             # seconds for one command
# Not the modules: those of the system are tested.
PERL_PARTS = ("t/test.pl", "t/charset_tools.pl", "t/loc_tools.pl",
              "t/io/socket.t", "dist/IO/README", "dist/IO/t",
              "cpan/IO-Socket-IP/t", "cpan/Socket/t", "cpan/HTTP-Tiny/t",
              "cpan/HTTP-Tiny/corpus", "cpan/libnet/t", "dist/Net-Ping/t")


def say(text):
    print(f"sources: {text}", file=sys.stderr, flush=True)


def command(*argv, cwd=None):
    say(" ".join(map(str, argv))[:100])
    done = subprocess.run(list(map(str, argv)), cwd=cwd, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    if done.returncode:
        sys.exit(f"{argv[0]}: {done.stdout[-2000:]}")
    return done.stdout


def archives():
    """Where this machine has its packages from, as lines for sources.

    The release alone: what is mended later has the same tests.
    """
    text = command("apt-get", "indextargets", "--format",
                   "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Identifier: Packages")
    signed = f" [signed-by={KEYRING}]" if KEYRING.exists() else ""
    rows = {tuple(line.split()[1:]) for line in text.splitlines()
            if line.startswith("Debian ")}
    return [f"deb-src{signed} {' '.join(row)}" for row in sorted(rows)
            if row[2:] == ("main",) and "-" not in row[1]]


class Apt:
    """Source packages, with lists of its own."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "lists/partial").mkdir(parents=True)
        (directory / "sources.list").write_text("\n".join(archives()) + "\n")
        settings = {"Dir::Etc::sourcelist": directory / "sources.list",
                    "Dir::Etc::sourceparts": "/dev/null",
                    "Dir::State::lists": directory / "lists",
                    "APT::Sandbox::User": "root"}
        self.options = ["-q", *(word for name, value in settings.items()
                                for word in ("-o", f"{name}={value}"))]
        command("apt-get", *self.options, "update")

    def unpack(self, package):
        """Where it is then."""
        before = set(self.directory.iterdir())
        command("apt-get", *self.options, "source", package,
                cwd=self.directory)
        return next(path for path in self.directory.iterdir()
                    if path not in before and path.is_dir())


def perl(source, target):
    for part in PERL_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / part).is_dir() else shutil.copy
        copy(source / part, target / part)
    # Where the tests of IO look for it when they are not in the core.
    shutil.copy(source / "t/test.pl", target / "dist/IO/t/test.pl")


def liburing(source, target):
    """Linked statically: the version that the tests are of."""
    programs = listed.suites()["liburing"].programs
    command("./configure", cwd=source)
    command("make", "-C", "src", "ENABLE_SHARED=0", cwd=source)
    command("make", "-C", "test", *programs, cwd=source)
    target.mkdir()
    for name in programs:
        shutil.copy(source / "test" / name, target / name)


MAKERS = {"perl": perl, "liburing": liburing}


def directory():
    """Made anew when the programs that are wanted are others."""
    text = "\n".join(
        [pathlib.Path(__file__).read_text(encoding="utf-8"),
         *(name for suite in listed.suites().values()
           for name in suite.programs)])
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return cache_dir().parent / "suites" / digest


def make():
    target = directory()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = pathlib.Path(tempfile.mkdtemp(prefix="part-", dir=target.parent))
    try:
        apt = Apt(part / "apt")
        (part / "done").mkdir()
        for name, maker in MAKERS.items():
            maker(apt.unpack(name), part / "done" / name)
        os.rename(part / "done", target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def main():
    argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(make())


if __name__ == "__main__":
    main()
