# SPDX-License-Identifier: GPL-2.0-only
"""Two peers that talk to each other, and what is judged of it."""
import collections
import contextlib
import json
import os
import pathlib
import select
import subprocess
import time

from spaces import CLONE_NEWUSER, enter

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
PEER = BUILD / "selftests/topology/peer"
SHIM = [BUILD / "sdirect-run", "--require"]
LIMIT = 40 * SLOWER     # seconds for one step of a peer
GATES = 2               # at which a peer waits
PORT = 4000             # nobody else is in the namespaces that are made

# What one end must say of its connection.
End = collections.namedtuple("End", "tx rx reason")
DIRECT = End("local", "local", "none")
# Where it depends on when the stream was quiet.
EITHER = frozenset(("tcp", "local"))


def may_be(wanted):
    """A word, or a set of them, as a set."""
    return wanted if isinstance(wanted, frozenset) else {wanted}


def by_tcp(reason):
    """All by TCP, for this reason."""
    return End("tcp", "tcp", reason)


class Failed(Exception):
    """An end did not do what it had to."""


# server, client: namespaces; listen: where the server listens; to: what the
# client connects to; server_has, client_has: more options; server_as,
# client_as: commands that they are run by; seed: of the client's bytes;
# seen: "same", or which address is translated on the way ("to", "from",
# "both"); users: the user namespace of both; groups: memory cgroups of the
# server and the client.
Talk = collections.namedtuple(
    "Talk", "server client listen to server_has client_has server_as "
    "client_as seed seen relay users groups",
    defaults=((), (), (), (), 1, "same", None, None, None))

# A relay: its namespace, where it listens, and more options.
Relay = collections.namedtuple("Relay", "space listen has shimmed",
                               defaults=((), True))


class Peer:
    """A process, what it says, and when."""

    def __init__(self, what, argv, where=None, users=None, group=None):
        self.what, self.lines, self.partial = what, [], b""
        self.gates = 0          # that it has been let through

        def prepare():
            if where is not None:
                enter(where)
            if group:
                (group / "cgroup.procs").write_text("0", encoding="ascii")
            if users is not None:
                enter(users, CLONE_NEWUSER)

        self.process = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=prepare)

    def _read(self, end, event):
        """Some more of what it says; false at the end."""
        pipe = self.process.stdout.fileno()
        if not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
            raise Failed(f"{self.what}: no {event} for {LIMIT} s")
        data = os.read(pipe, 65536)
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"event": "error",
                                   "what": line.decode(errors="replace")})
        return bool(data)

    def wait(self, event):
        """What it says with this event."""
        end, at = time.monotonic() + LIMIT, 0
        while True:
            for line in self.lines[at:]:
                if line["event"] == event:
                    return line
                if line["event"] == "error":
                    raise Failed(f"{self.what}: {line}")
            at = len(self.lines)
            if not self._read(end, event):
                raise Failed(f"{self.what}: no {event}, status "
                             f"{self.process.wait(LIMIT)}")

    def go(self):
        """It may go on behind its gate."""
        self.gates += 1
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def end(self):
        """It must have ended well."""
        status = self.process.wait(LIMIT)
        if status:
            raise Failed(f"{self.what}: status {status}, {self.lines}")

    def stop(self):
        """Whatever it does."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        self.process.stdout.close()

    def errors(self):
        """It is killed; what it has said of errors."""
        self.process.kill()
        with contextlib.suppress(Failed):
            while self._read(time.monotonic() + LIMIT, "end"):
                pass
        return [f"{self.what}: {line}" for line in self.lines
                if line["event"] == "error"]

    def texts(self):
        """The lines that arrived here."""
        return [line["text"] for line in self.lines if line["event"] == "line"]


class Talking:
    """The two ends of a talk, and a relay where there is one."""

    def __init__(self, net, talk, transport, number):
        self.talk, self.number, self.peers = talk, number, []
        self.prefix = SHIM if transport == "shim" else []
        self.flag = ["--direct"] if transport == "direct" else []
        self.own = f"{transport} {talk.client}-{talk.server} "
        try:
            self._start(net)
        except BaseException:
            self.stop()
            raise

    def _start(self, net):
        talk, group = self.talk, self.talk.groups or (None, None)
        ask = [*self.flag, "--gate", "--port", PORT]
        self.server = self._peer(net, talk.server, "server", [
            *talk.server_as, *self.prefix, PEER, "--listen", talk.listen,
            *ask, "--seed", talk.seed + 1, "--expect", talk.seed,
            *talk.server_has], group[0])
        ask[-1] = self.server.wait("listening")["port"]
        if talk.relay:
            self._relay(net, talk.relay)
        # Ports that are not in use any more where a transport has been before.
        self.has = [str(word).replace("{number}", str(self.number))
                    for word in talk.client_has]
        self.client = self._peer(net, talk.client, "client", [
            *talk.client_as, *self.prefix, PEER, "--connect", talk.to, *ask,
            "--seed", talk.seed, "--expect", talk.seed + 1, *self.has], group[1])

    def _relay(self, net, relay):
        prefix, ask = ((self.prefix, self.flag) if relay.shimmed else
                       ([], relay.has))
        peer = self._peer(net, relay.space, "relay", [
            *prefix, PEER, "--listen", relay.listen, "--connect",
            self.talk.listen, "--port", PORT, *ask,
            *(["--onward"] if relay.shimmed and self.flag else [])])
        peer.wait("listening")

    def _peer(self, net, space, what, argv, group=None):
        peer = Peer(self.own + what, argv, net and net.files[space],
                    self.talk.users, group)
        self.peers.append(peer)
        return peer

    def wait(self, event):
        """What server and client say; if one fails, what all have said."""
        try:
            return self.server.wait(event), self.client.wait(event)
        except Failed as error:
            errors = [line for peer in self.peers for line in peer.errors()]
            raise Failed(f"{error}; all: {errors}") from None

    def ends(self):
        """The peers that wait at gates."""
        return self.server, self.client

    def release(self):
        """They may go on to the end."""
        for peer in self.ends():
            if peer.gates < GATES:
                peer.go()

    def finish(self):
        """What server and client say in the end."""
        said = self.wait("done")
        for peer in self.peers:
            peer.end()
        return said

    def stop(self):
        for peer in self.peers:
            peer.stop()


def wrong_payload(server, client):
    """Why what arrived is not what was sent, or None."""
    for one, other in ((server, client), (client, server)):
        for key in ("", "_sum"):
            if one["got" + key] != other["sent" + key]:
                return f"got{key} {one['got' + key]}, sent{key} " \
                       f"{other['sent' + key]}"
    return None if server["got"] else "nothing was moved"


def wrong_end(what, said, wanted):
    """Why an end is not on the path that it must be on, or None."""
    end = End(*[said.get(key) for key in End._fields])
    if any(got not in may_be(want) for got, want in zip(end, wanted)):
        return f"{what}: {tuple(end)}, not {tuple(wanted)}"
    for way in ("tx", "rx"):
        if (said[way] == "local") != (said[way + "_ring"] > 0):
            return f"{what}: {said[way + '_ring']} bytes by ring, {way} is " \
                   f"{said[way]}"
    return None


def name(address):
    """Without the prefix that makes an IPv4 address one of IPv6."""
    return [address[0].removeprefix("::ffff:"), address[1]]


def wrong_sight(seen, server, client):
    """Why addresses are not translated as they must be, or None."""
    to = name(client["peer"]) != name(server["local"])
    source = name(client["local"]) != name(server["peer"])
    got = {(False, False): "same", (True, False): "to",
           (False, True): "from", (True, True): "both"}[to, source]
    return None if got == seen else \
        f"addresses translated: {got}, not {seen}: {client} {server}"


def judge(talk, wanted, server, client):
    """The first thing that is wrong, or None; wanted: client, server."""
    return (wrong_payload(server, client) or
            wrong_sight(talk.seen, server, client) or
            wrong_end("client", client, wanted[0]) or
            wrong_end("server", server, wanted[1]))
