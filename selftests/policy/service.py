#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""sdirectd as it is installed, by systemd, with the journal.

Installs it, and runs a systemd of its own: only in a guest, by
tools/vm/run selftests/policy/service.py.  Names of cases may follow.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import live             # noqa: E402
from live import BUILD, LIMIT, TOP, Wrong, expect, verdict

UNITS = pathlib.Path("/run/sdirect-units")
# What the unit wants; not the rest, which would clean up this machine.
SYSTEM = ("systemd-journald.service", "systemd-journald.socket",
          "systemd-journald-dev-log.socket", "sysinit.target", "basic.target",
          "shutdown.target", "sockets.target", "nss-user-lookup.target",
          "modprobe@.service")
RULES = pathlib.Path("/etc/sdirect/policy.conf")
GOAL = """\
[Unit]
Wants=systemd-journald.service sdirectd.service
After=sdirectd.service
"""


def install():
    """As make install does it; in the guest nothing of that stays."""
    expect(pathlib.Path("/run/vm/run.env").exists(), "this is no guest")
    subprocess.run(["make", "-s", "-C", TOP / "tools/sdirectd", "install",
                    f"BUILD={BUILD}", f"UNITDIR={UNITS}"], check=True,
                   stdout=subprocess.DEVNULL)
    for name in SYSTEM:
        shutil.copy(f"/lib/systemd/system/{name}", UNITS)
    (UNITS / "test.target").write_text(GOAL, encoding="ascii")


class System:
    """A systemd with nothing but the journal and sdirectd."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as directory, \
                contextlib.closing(live.notified(directory)) as ready:
            env = dict(os.environ, container="test",
                       SYSTEMD_UNIT_PATH=str(UNITS),
                       NOTIFY_SOCKET=ready.getsockname())
            self.process = subprocess.Popen(
                ["unshare", "-fpm", "--kill-child", "--mount-proc",
                 "/lib/systemd/systemd", "--system", "--unit=test.target"],
                env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except OSError:
                self.stop()
                raise
        children = pathlib.Path(f"/proc/{self.process.pid}/task",
                                str(self.process.pid), "children")
        self.leader = children.read_text(encoding="ascii").split()[0]

    def stop(self):
        self.process.kill()
        self.process.wait(LIMIT)

    def run(self, *words, good=True):
        """A command among its processes; what it says."""
        done = subprocess.run(["nsenter", "-t", self.leader, "-p", "-m", "--",
                               *words], text=True, capture_output=True,
                              timeout=LIMIT, check=False)
        expect(good is None or good == (done.returncode == 0), words,
               done.returncode, done.stdout, done.stderr)
        return done.stdout

    def show(self, what):
        return self.run("systemctl", "show", "-P", what, "sdirectd").strip()

    def pid(self):
        return int(self.show("MainPID"))

    def entry(self, *matches):
        """The first entry of the journal with these fields, when it comes."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            lines = self.run("journalctl", "-u", "sdirectd", "-o", "json",
                             *matches, good=None).splitlines()
            if lines:
                return json.loads(lines[0])
        raise Wrong("not in the journal:", *matches)


def fields(entry, wanted):
    found = {name: entry.get(name) for name in wanted}
    expect(found == wanted, found, "instead of", wanted)


# The cases; each begins with a systemd in which the daemon has no rules.

def hardened(system, _work):
    """What the unit takes away is gone, and it works nevertheless."""
    expect(system.show("ActiveState") == "active", system.show("ActiveState"))
    expect("0 rules" in system.show("StatusText"), system.show("StatusText"))
    status = dict(line.split(":\t", 1) for line in system.run(
        "cat", f"/proc/{system.pid()}/status").splitlines())
    expect("0" not in status["Uid"].split(), status["Uid"])
    expect(status["Seccomp"].strip() == "2", "no filter of system calls")
    expect(status["NoNewPrivs"].strip() == "1")
    for name in ("CapEff", "CapBnd"):
        expect(int(status[name], 16) & ~live.CAP_NET_ADMIN == 0, name,
               status[name])


def denials_have_fields(system, work):
    port = work.ports["a"]
    RULES.write_text(f"tcp to port 1\ndeny to port {port}\n", encoding="ascii")
    system.run("systemctl", "reload", "sdirectd")
    work.is_reset(work.open("a"))
    entry = system.entry("SDIRECT_VERDICT=deny")
    fields(entry, {"SDIRECT_RULE": "2", "SDIRECT_FROM_UID": "0",
                   "SDIRECT_TO_UID": "0", "PRIORITY": "5"})
    expect(f"127.0.0.1:{port}" in entry["SDIRECT_TO"], entry)
    expect(entry["MESSAGE"].startswith("rule 2 denied "), entry)
    expect(int(entry["SDIRECT_GENERATION"]) > 0, entry)
    for name in ("FROM", "TO_PID", "FROM_PID", "FROM_CGROUP", "TO_CGROUP"):
        expect(f"SDIRECT_{name}" in entry, name, entry)


def mistakes_have_places(system, work):
    RULES.write_text(f"tcp to port {work.ports['a']}\n", encoding="ascii")
    system.run("systemctl", "reload", "sdirectd")
    work.until(work.open("a"), verdict("tcp", 1))
    before = live.texts()
    RULES.write_text("tcp to any\n\ntcp to port x\n", encoding="ascii")
    system.run("systemctl", "reload", "sdirectd")
    entry = system.entry("SDIRECT_LINE=3")
    fields(entry, {"SDIRECT_FILE": str(RULES), "SDIRECT_COLUMN": "13",
                   "PRIORITY": "3"})
    expect(live.texts() == before, live.texts())
    work.until(work.open("a"), verdict("tcp", 1))


def killed_it_comes_back(system, work):
    RULES.write_text(f"tcp to port {work.ports['a']}\n", encoding="ascii")
    system.run("systemctl", "reload", "sdirectd")
    work.until(work.open("a"), verdict("tcp", 1))
    before = system.pid()
    system.run("kill", "-KILL", str(before))
    end = time.monotonic() + LIMIT
    while system.pid() in (0, before) or \
            system.show("ActiveState") != "active":
        expect(time.monotonic() < end, "it has not come back")
    expect(len(live.texts()) == 1, live.texts())
    work.until(work.open("a"), verdict("tcp", 1))


CASES = (hardened, denials_have_fields, mistakes_have_places,
         killed_it_comes_back)


@contextlib.contextmanager
def without_rules():
    """A system whose daemon has none, and who talks to it."""
    with contextlib.ExitStack() as stack:
        RULES.write_text("# none\n", encoding="ascii")
        system = System()
        stack.callback(system.stop)
        work = live.Worker()
        stack.callback(work.stop)
        yield system, work


if __name__ == "__main__":
    sys.exit(live.run_all("service", CASES, without_rules, install))
