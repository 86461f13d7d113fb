#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""sdirectd with the module: rules, questions, reloads, and being killed.

Needs root and loads the module: tools/vm/run selftests/policy/live.py
Names of cases may follow.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", str(TOP / "build")))
MODULE = os.environ.get("SDIRECT_MODULE", str(TOP / "sdirect.ko"))
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
LIMIT = 180 * SLOWER    # seconds for what should happen soon
KILLS = int(os.environ.get("SDIRECT_POLICY_KILLS", "20"))
RELOADS = int(os.environ.get("SDIRECT_POLICY_RELOADS", "10"))
CAP_NET_ADMIN = 1 << 12
sys.path[1:1] = [str(TOP / "tools/demo")]

import kernel           # noqa: E402
import proc             # noqa: E402


class Wrong(Exception):
    pass


def expect(true, *what):
    if not true:
        raise Wrong(" ".join(map(str, what)))


def say(*words):
    print("#", *words, flush=True)


def sdirect(*words, good=True, prefix=()):
    done = subprocess.run([*prefix, BUILD / "sdirect", *words], text=True,
                          capture_output=True, timeout=LIMIT, check=False,
                          stdin=subprocess.DEVNULL)
    expect(good is None or good == (done.returncode == 0), "sdirect", words,
           "ended with", done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


class Daemon:
    """sdirectd with some rules; it has them in force when this is made."""

    def __init__(self, directory, text, *options):
        self.path = pathlib.Path(directory, "policy.conf")
        self.options = options
        self.process = None
        self.write(text)
        self.start()

    def write(self, text):
        self.path.write_text(text, encoding="utf-8")

    def run(self, **options):
        self.process = subprocess.Popen(
            [BUILD / "sdirectd", *self.options, self.path],
            stdin=subprocess.DEVNULL, **options)

    def start(self):
        """It tells a socket that it is ready, as it tells systemd."""
        with tempfile.TemporaryDirectory() as directory:
            with contextlib.closing(notified(directory)) as ready:
                env = dict(os.environ, NOTIFY_SOCKET=ready.getsockname())
                self.run(env=env)
                try:
                    while b"READY=1" not in ready.recv(4096):
                        pass
                except OSError:
                    self.kill()
                    raise

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        return self.process.wait(LIMIT)

    def reload(self, text, good=True):
        self.write(text)
        return sdirect("policy", "reload", good=good)


def notified(directory):
    """The socket of a service manager."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(f"{directory}/ready")
    os.chmod(directory, 0o755)
    os.chmod(f"{directory}/ready", 0o777)
    ready.settimeout(LIMIT)
    return ready


class Worker:
    """talker.py under the shim; by which program, and behind which words."""

    def __init__(self, program=sys.executable, prefix=()):
        self.process = subprocess.Popen(
            [*prefix, BUILD / "sdirect-run", "--require", program,
             HERE / "talker.py"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.ports = {name: self.ask("listen", name) for name in "abcd"}

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        expect(line, "the worker has ended")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(LIMIT)

    def open(self, port, uid=0):
        """Makes a connection; returns how it is called."""
        name = f"{port}{time.monotonic_ns()}"
        return name, self.ask("connect", name, port, uid)

    def until(self, talk, wanted):
        """Talks until a socket of it is listed as wanted; how it is then."""
        name, inodes = talk
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            said = self.ask("talk", name, 4)
            listed = {row["inode"]: row for row in
                      json.loads(sdirect("list", "--json"))}
            rows = [listed.get(inode) for inode in inodes]
            if all(rows) and all(wanted(row) for row in rows):
                return rows[0]
            if said != "well":
                raise Wrong(f"the connection ended with {said}: {rows}")
        raise Wrong(f"it has not come to that: {rows}")

    def stream(self, port):
        """Bytes in both directions; how the connection is called."""
        talk = self.open(port)
        self.ask("stream", talk[0])
        return talk

    def more(self, talk, count=100000):
        """Waits until so many bytes more have arrived."""
        end, wanted = time.monotonic() + LIMIT, None
        while time.monotonic() < end:
            passed = self.ask("passed", talk[0])
            wanted = passed + count if wanted is None else wanted
            if passed >= wanted:
                return
        raise Wrong("no bytes pass")

    def all_arrived(self, talk):
        ended = self.ask("stream_end", talk[0])
        expect(not ended["errors"] and ended["same"], ended)

    def is_reset(self, talk):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            said = talk[1] if isinstance(talk[1], str) else \
                self.ask("talk", talk[0], 1)
            if said in ("ECONNRESET", "EPIPE", "ECONNABORTED"):
                return
            expect(said == "well", said)
        raise Wrong("it is not reset")


def verdict(name, rule):
    return lambda row: (row.get("verdict"), row.get("rule")) == (name, rule)


def judged(row):
    return row.get("verdict") not in (None, "ask")


def texts():
    """The rules in force."""
    return [row["text"] for row in
            json.loads(sdirect("policy", "show", "--json"))]


def direct(row):
    return row["tx_carrier"] == row["rx_carrier"] == "local"


def by_tcp(row):
    return row["tx_carrier"] == row["rx_carrier"] == "tcp"


# The cases; each begins with a daemon that has no rules.

def rules_decide(daemon, work):
    daemon.reload("deny to port {a}\ndirect to port {b}\ntcp to port {c}\n"
                  .format(**work.ports))
    work.until(work.open("b"), lambda row: direct(row) and
               verdict("direct", 2)(row))
    work.until(work.open("c"), verdict("tcp", 3))
    row = work.until(work.open("d"), direct)
    expect(row["source"] == "default", row)
    work.is_reset(work.open("a"))
    hits = {row["rule"]: row["hits"] for row in
            json.loads(sdirect("policy", "show", "--json"))}
    expect(all(hits[rule] >= 1 for rule in (1, 2, 3)), hits)


def users_are_known(daemon, work):
    daemon.reload(f"direct from user 1000 to user root port {work.ports['a']}")
    work.until(work.open("a", 1000), direct)
    row = work.until(work.open("a", 1001), lambda row: row.get("verdict"))
    expect(verdict("tcp", 0)(row), row)


def questions_are_answered(daemon, work):
    exe = os.path.basename(os.path.realpath(sys.executable))
    daemon.reload("tcp from exe nobody-has-this\n"
                  f"direct from exe {exe} to port {work.ports['a']}\n"
                  f"tcp from exe \"{exe[:3]}*\" to port {work.ports['b']}\n")
    for _ in range(3):
        row = work.until(work.open("a"), direct)
        expect(verdict("direct", 2)(row) and row["source"] == "answer", row)
    row = work.until(work.open("b"), lambda row: row.get("verdict") == "tcp")
    expect(verdict("tcp", 3)(row), row)


def living_connections_are_judged(daemon, work):
    port = work.ports["a"]
    daemon.reload(f"direct to port {port}")
    talk = work.open("a")
    work.until(talk, direct)
    daemon.reload(f"tcp to port {port}")
    work.until(talk, by_tcp)
    daemon.reload(f"direct to port {port}")
    work.until(talk, direct)
    daemon.reload(f"deny to port {port}")
    work.is_reset(talk)


def traffic_goes_on(daemon, work):
    """Bytes and their checksums, while the rules change under them."""
    rules = "{} to port {a}\n{} to port {b}\ndirect to port {c}\n"
    streams = [work.stream(port) for port in "aabbc"]
    used = set()
    for at in range(RELOADS):
        verdicts = [("direct", "tcp"), ("tcp", "direct")][at % 2]
        daemon.reload(rules.format(*verdicts, **work.ports))
        say(f"reloaded {at + 1} times")
        for talk in streams:
            work.more(talk)
        used |= {(row["tx_carrier"], row["verdict"])
                 for row in json.loads(sdirect("list", "--json"))
                 if row["inode"] in streams[0][1]}
    expect({("local", "direct"), ("tcp", "tcp")} <= used, used)
    daemon.reload(rules.format("tcp", "deny", **work.ports))
    for talk in streams[2:4]:
        ended = work.ask("stream_end", talk[0])
        expect(set(ended["errors"]) & {"ECONNRESET", "EPIPE"}, ended)
    for talk in streams[:2] + streams[4:]:
        work.more(talk)
        work.all_arrived(talk)


def mistakes_change_nothing(daemon, work):
    daemon.reload(f"direct to port {work.ports['a']}")
    before = texts()
    talk = work.open("a")
    work.until(talk, direct)
    said = daemon.reload("tcp to any\ntcp to port x\n", good=False)
    expect(":2:13: x: not a port" in said, said)
    expect("stay in force" in said, said)
    daemon.process.send_signal(signal.SIGHUP)
    # What it is asked after the signal it answers after it.
    expect(texts() == before, texts(), "instead of", before)
    work.until(talk, lambda row: direct(row) and verdict("direct", 1)(row))


def being_killed_changes_nothing(daemon, work):
    """At any moment: when it serves, and while it tells the rules."""
    exe = os.path.basename(os.path.realpath(sys.executable))
    daemon.reload(f"direct from exe {exe} to port {work.ports['a']}\n"
                  f"tcp to port {work.ports['b']}\n" +
                  "tcp to port 1\n" * 2000)
    streams = [work.stream(port) for port in "aab"]
    rng = random.Random(KILLS)
    for at in range(KILLS):
        daemon.kill()
        if at % 10 == 0:
            say(f"killed {at} times")
            work.until(work.open("b"), verdict("tcp", 2))
        if at % 2:
            daemon.start()
        else:
            daemon.run()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.process.wait(rng.random() * .3)
        for talk in streams:
            work.more(talk, 1)
    daemon.kill()
    daemon.start()
    expect(len(texts()) == 2002, len(texts()))
    for talk in streams:
        work.all_arrived(talk)
    work.until(work.open("b"), verdict("tcp", 2))
    row = work.until(work.open("a"), direct)
    expect(row["source"] == "answer", row)


def programs_are_what_they_say(daemon, work):
    """Neither a mount of one's own nor a name makes another program of one."""
    exe = os.path.realpath(sys.executable)
    daemon.reload(f"direct from exe {exe} to port {work.ports['a']}\n"
                  f"direct from exe {os.path.basename(exe)} to "
                  f"port {work.ports['b']}\ntcp to any\n")
    work.until(work.open("a"), verdict("direct", 1))
    work.until(work.open("b"), verdict("direct", 2))
    with tempfile.TemporaryDirectory() as directory:
        other = pathlib.Path(directory, os.path.basename(exe))
        shutil.copy(exe, other)
        mounted = ("unshare", "-m", "sh", "-c",
                   'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh",
                   other, exe)
        os.chmod(directory, 0o755)
        os.chown(other, 1000, 1000)
        for program, prefix in ((exe, mounted), (other, ())):
            false = Worker(program, prefix)
            try:
                for port, rule in (("a", 1), ("b", 2)):
                    daemon.reload(f"direct from exe {exe} to port "
                                  f"{false.ports['a']}\ndirect from exe "
                                  f"{os.path.basename(exe)} to port "
                                  f"{false.ports['b']}\ntcp to any\n")
                    row = false.until(false.open(port), judged)
                    expect(row["verdict"] == "tcp", program, rule, row)
            finally:
                false.stop()


def module_may_come_back(daemon, work):
    daemon.reload("tcp to any\n")
    work.stop()
    subprocess.run([kernel.find_program("rmmod"), "sdirect"], check=True)
    subprocess.run([kernel.find_program("insmod"), MODULE], check=True)
    again = Worker()
    try:
        again.until(again.open("a"), verdict("tcp", 1))
    finally:
        again.stop()


def rights_are_dropped(daemon, _work):
    daemon.kill(signal.SIGTERM)
    os.chmod(daemon.path.parent, 0o755)
    os.makedirs("/run/sdirectd-test", exist_ok=True)
    os.chmod("/run/sdirectd-test", 0o777)
    daemon.options = ("--user", "nobody", "--control",
                      "/run/sdirectd-test/control")
    daemon.start()
    status = dict(line.split(":\t", 1) for line in pathlib.Path(
        f"/proc/{daemon.process.pid}/status").read_text().splitlines())
    expect("0" not in status["Uid"].split(), status["Uid"])
    for name in ("CapEff", "CapPrm"):
        expect(int(status[name], 16) == CAP_NET_ADMIN, name, status[name])
    for name in ("CapInh", "CapAmb", "CapBnd"):
        expect(int(status[name], 16) == 0, name, status[name])
    expect(status["NoNewPrivs"].strip() == "1")


def others_see_nothing(daemon, _work):
    daemon.reload("direct to exe secret-program\n")
    other = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    for words in (("policy", "show"), ("policy", "reload"), ("monitor",)):
        said = sdirect(*words, good=False, prefix=other)
        expect("secret" not in said, words, said)
    done = subprocess.run([*other, BUILD / "sdirectd", daemon.path], text=True,
                          capture_output=True, timeout=LIMIT, check=False)
    expect(done.returncode == 1, done)
    expect("secret" in sdirect("policy", "show"))


@contextlib.contextmanager
def watching(*options):
    """What sdirect monitor prints, line by line."""
    watcher = subprocess.Popen([BUILD / "sdirect", "monitor", *options],
                               text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        expect("watching" in watcher.stderr.readline(), "not watching")
        yield watcher.stdout
    finally:
        watcher.terminate()
        watcher.communicate()


def decisions_are_shown(daemon, work):
    daemon.reload(f"deny to port {work.ports['a']}\n")
    with watching("--json") as lines, watching() as text:
        work.is_reset(work.open("a"))
        row = json.loads(lines.readline())
        said = text.readline()
    expect(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} deny by rule 1: "
                        r"127\.0\.0\.1:\d+ uid 0 .* -> 127\.0\.0\.1:"
                        rf"{work.ports['a']} uid 0 .*\n", said), said)
    expect((row["verdict"], row["rule"], row["source"]) ==
           ("deny", 1, "rule"), row)
    expect(row["to"]["port"] == work.ports["a"] and
           row["from"]["uid"] == 0, row)


def many_rules(daemon, work):
    text = subprocess.run([sys.executable, HERE / "large.py", "mixed",
                           "100000"], text=True, capture_output=True,
                          timeout=LIMIT, check=True).stdout
    begin = time.monotonic()
    daemon.reload(text + f"tcp to port {work.ports['a']}\n")
    say(f"100001 rules reloaded in {time.monotonic() - begin:.2f} s")
    work.until(work.open("a"), verdict("tcp", 100001))


CASES = (rules_decide, users_are_known, questions_are_answered,
         programs_are_what_they_say, living_connections_are_judged,
         traffic_goes_on, mistakes_change_nothing,
         being_killed_changes_nothing, decisions_are_shown,
         others_see_nothing, many_rules, module_may_come_back,
         rights_are_dropped)


@contextlib.contextmanager
def without_rules():
    """The daemon as one that has none, and who talks to it."""
    with tempfile.TemporaryDirectory() as directory, \
            contextlib.ExitStack() as stack:
        daemon = Daemon(directory, "# none\n")
        stack.callback(daemon.process.wait, LIMIT)
        stack.callback(lambda: daemon.process.terminate())
        work = Worker()
        stack.callback(work.stop)
        yield daemon, work


def run(case, begin):
    """Whether it went well; what it has started is ended."""
    try:
        with begin() as ends:
            case(*ends)
        return True
    except (Wrong, OSError, ValueError, KeyError, IndexError,
            subprocess.SubprocessError) as error:
        traceback.print_exc(file=sys.stdout)
        say(f"{case.__name__}: {type(error).__name__}: {error}")
        return False


def run_all(section, cases, begin, prepare=lambda: None):
    """Those that the command line names, or all; the exit status."""
    chosen = [case for case in cases
              if len(sys.argv) < 2 or case.__name__ in sys.argv[1:]]
    bad = 0
    try:
        prepare()
        with kernel.module(os.path.dirname(MODULE), say):
            print(f"@@ section {section}", flush=True)
            for case in chosen:
                print(f"@@ case {case.__name__}", flush=True)
                good = run(case, begin)
                print("@@ passed" if good else "@@ failed", case.__name__,
                      flush=True)
                bad += not good
    except (Wrong, proc.DemoError, OSError,
            subprocess.SubprocessError) as error:
        say(f"cannot go on: {error}")
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(run_all("live", CASES, without_rules))
