# SPDX-License-Identifier: GPL-2.0-only
"""Generic netlink, as much as the policy of the module needs."""
import os
import pathlib
import re
import socket
import struct

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HEADER = TOP / "uapi/linux/sdirect_netlink.h"

NETLINK_GENERIC = 16
NLMSG_ERROR, NLMSG_DONE = 2, 3
F_REQUEST, F_ACK, F_DUMP = 1, 4, 0x300
SOL_NETLINK, ADD_MEMBERSHIP, CAP_ACK, EXT_ACK = 270, 1, 10, 11
CTRL, GETFAMILY = 16, 3
NESTED = 0x8000
SIZES = {1: "B", 2: "H", 4: "I", 8: "Q"}


def enums(text):
    """All constants of the header's enums and numbers that it defines."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = {}
    for body in re.findall(r"^enum \w+ \{(.*?)^\};", text, flags=re.S | re.M):
        value = -1
        for name, given in re.findall(r"(\w+)\s*(?:=\s*([^,]+))?,?", body):
            value = int(eval(given, {}, found)) if given else value + 1
            found[name] = value
    for name, value in re.findall(r"^#define (\w+)\s+(\d+|0x[0-9a-f]+)U?\s*$", text,
                                  flags=re.M):
        found[name] = int(value, 0)
    return {name.removeprefix("SDIRECT_"): value
            for name, value in found.items()}


K = type("Constants", (), enums(HEADER.read_text(encoding="utf-8")))


def attr(kind, value):
    """An attribute: bytes, or a pair of a size and a number, or a nest."""
    if isinstance(value, list):
        kind, value = kind | NESTED, b"".join(value)
    elif isinstance(value, tuple):
        value = struct.pack(SIZES[value[0]], value[1])
    size = 4 + len(value)
    return struct.pack("HH", size, kind) + value + bytes(-size % 4)


def attrs(data):
    """[(kind, bytes)] of what is in a message or a nest."""
    found, at = [], 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("HH", data, at)
        assert 4 <= size <= len(data) - at, (size, len(data) - at)
        found.append((kind & 0x3fff, data[at + 4:at + size]))
        at += (size + 3) & ~3
    return found


def number(data):
    return struct.unpack(SIZES[len(data)], data)[0]


class Refused(OSError):
    """The kernel has returned an error; its text is in @why."""

    def __init__(self, error, why):
        super().__init__(error, f"{os.strerror(error)} ({why})")
        self.why = why


class Netlink:
    """A socket of the family, in the namespace that it is made in."""

    def __init__(self, limit=20):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(limit)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        for option in (CAP_ACK, EXT_ACK):
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.sequence = 0
        self.kept = []
        self.datagrams = 0
        self.family, self.groups = self._find()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def _find(self):
        reply = self.ask(GETFAMILY, [attr(2, b"sdirect\0")], family=CTRL)
        found = dict(attrs(reply[0][4:]))
        groups = {}
        for _, group in attrs(found.get(7, b"")):
            each = dict(attrs(group))
            groups[each[1].rstrip(b"\0").decode()] = number(each[2])
        return number(found[1]), groups

    def send_raw(self, data, command, flags, family=None):
        self.sequence += 1
        body = struct.pack("BBH", command, 1, 0) + data
        self.sock.send(struct.pack("IHHII", 16 + len(body),
                                   self.family if family is None else family,
                                   F_REQUEST | flags, self.sequence, 0) + body)

    def ask(self, command, given=(), flags=F_ACK, family=None):
        """The bodies of the replies; raises Refused."""
        self.send_raw(b"".join(given), command, flags, family)
        replies = []
        while True:
            for kind, sequence, body in self._receive():
                if sequence != self.sequence:
                    self.kept.append((kind, body))
                elif kind == NLMSG_ERROR:
                    self._check(body)
                    return replies
                elif kind == NLMSG_DONE:
                    return replies
                else:
                    replies.append(body)

    def dump(self, command):
        """The bodies of each datagram; nothing is kept for other callers."""
        self.send_raw(b"", command, F_DUMP)
        ended = False
        while not ended:
            found = self._receive()
            ended = any(kind in (NLMSG_DONE, NLMSG_ERROR)
                        for kind, _, _ in found)
            yield [body for kind, _, body in found
                   if kind not in (NLMSG_DONE, NLMSG_ERROR)]

    def _receive(self):
        data, at, found = self.sock.recv(1 << 17), 0, []
        self.datagrams += 1
        while at < len(data):
            size, kind, _, sequence, _ = struct.unpack_from("IHHII", data, at)
            found.append((kind, sequence, data[at + 16:at + size]))
            at += (size + 3) & ~3
        return found

    @staticmethod
    def _check(body):
        error = -struct.unpack_from("i", body)[0]
        if error:
            more = dict(attrs(body[20:])) if len(body) > 20 else {}
            raise Refused(error, more.get(1, b"").rstrip(b"\0").decode())

    def event(self):
        """The next message that nobody has asked for: (command, {attr})."""
        while not self.kept:
            self.kept += [(kind, body) for kind, _, body in self._receive()]
        _, body = self.kept.pop(0)
        return body[0], dict(attrs(body[4:]))

    def join(self, group):
        self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.groups[group])


# --- the policy ---

def ranges(*pairs):
    return b"".join(struct.pack("QQ", *pair) for pair in pairs)


def nets(*texts):
    data = b""
    for text in texts:
        address, _, size = text.partition("/")
        if ":" in address:
            data += struct.pack("16sII", socket.inet_pton(
                socket.AF_INET6, address), int(size or 128), 0)
        else:
            data += struct.pack("16sII", bytes(10) + b"\xff\xff" +
                                socket.inet_aton(address),
                                96 + int(size or 32), 0)
    return data


def cond(field, values):
    """A condition: on networks, if there are texts, or on (first, last)."""
    if isinstance(values[0], str):
        data = attr(K.A_COND_NETS, nets(*values))
    else:
        data = attr(K.A_COND_RANGES, ranges(*values))
    return attr(K.A_RULE_COND, [attr(K.A_COND_FIELD, (1, field)), data])


def rule(name, verdict, conds=(), **more):
    """@conds: {field: values}; @more: other attributes by their names."""
    parts = [attr(K.A_RULE_NUMBER, (4, name)),
             attr(K.A_RULE_VERDICT, (1, verdict))]
    parts += [attr(getattr(K, f"A_RULE_{key.upper()}"), (4, value))
              for key, value in more.items()]
    parts += [cond(*each) for each in dict(conds).items()]
    return attr(K.A_POLICY_RULE, parts)


class Helper(Netlink):
    """Whoever makes the policy."""

    def __init__(self, limit=20):
        super().__init__(limit)
        self.generation = self.get()["generation"]

    def register(self):
        self.ask(K.CMD_POLICY_REGISTER)
        return self

    def begin(self, count, flags=0, fields=None):
        """fields: a mask of what questions tell; None: all there is"""
        self.generation += 1
        given = [attr(K.A_POLICY_GENERATION, (4, self.generation)),
                 attr(K.A_POLICY_RULES, (4, count)),
                 attr(K.A_POLICY_FLAGS, (4, flags))]
        if fields is not None:
            given.append(attr(K.A_POLICY_FIELDS, (4, fields)))
        self.ask(K.CMD_POLICY_BEGIN, given)

    def add(self, *rules):
        self.ask(K.CMD_POLICY_ADD,
                 [attr(K.A_POLICY_GENERATION, (4, self.generation)), *rules])

    def commit(self):
        self.ask(K.CMD_POLICY_COMMIT,
                 [attr(K.A_POLICY_GENERATION, (4, self.generation))])

    def push(self, *rules, flags=0, fields=None):
        self.begin(len(rules), flags, fields)
        at = 0
        while at < len(rules):
            some, size = at, 0
            while some < len(rules) and (size < 20000 or some == at):
                size += len(rules[some])
                some += 1
            self.add(*rules[at:some])
            at = some
        self.commit()

    def answer(self, question, verdict=None, generation=None, **more):
        given = [attr(K.A_POLICY_ID, (8, question["id"])),
                 attr(K.A_POLICY_GENERATION,
                      (4, generation or question["generation"]))]
        if verdict:
            given.append(attr(K.A_POLICY_VERDICT, (1, verdict)))
        given += [attr(getattr(K, f"A_POLICY_{key.upper()}"), (4, value))
                  for key, value in more.items()]
        self.ask(K.CMD_POLICY_ANSWER, given)

    def question(self, command=None):
        """The next question, or decision."""
        got, found = self.event()
        assert got == (command or K.CMD_POLICY_QUESTION), got
        names = {value: name[9:].lower() for name, value in vars(K).items()
                 if name.startswith("A_POLICY_") and name != "A_POLICY_MAX"}
        named = {names[kind]: data for kind, data in found.items()}
        return {name: end(data) if name in ("from", "to") else number(data)
                for name, data in named.items() if name != "pad"}

    def get(self):
        body = self.ask(K.CMD_POLICY_GET)[0][4:]
        found, counters = {}, {}
        for kind, data in attrs(body):
            if kind == K.A_POLICY_COUNTER:
                each = dict(attrs(data))
                counters[each[K.A_COUNTER_NAME].rstrip(b"\0").decode()] = \
                    number(each[K.A_COUNTER_VALUE])
            else:
                found[kind] = number(data) if data else None
        return {"generation": found[K.A_POLICY_GENERATION],
                "rules": found[K.A_POLICY_RULES],
                "helper": found[K.A_POLICY_HELPER],
                "default": found[K.A_POLICY_DEFAULT],
                "pending": found[K.A_POLICY_PENDING],
                "kept": found[K.A_POLICY_CACHED], **counters}

    def hits(self):
        """{number: hits}"""
        found = {}
        for body in self.ask(K.CMD_POLICY_RULE_GET, flags=F_DUMP):
            each = dict(attrs(body[4:]))
            name = number(each[K.A_RULE_NUMBER])
            found[name] = found.get(name, 0) + number(each[K.A_RULE_HITS])
        return found


END_TEXTS = ("cgroup_path", "exe", "label")
END_PORTS = ("port", "peer_port")


def end(data):
    names = {value: name[6:].lower() for name, value in vars(K).items()
             if name.startswith("A_END_") and name != "A_END_MAX"}
    found = {}
    for kind, value in attrs(data):
        name = names[kind]
        if name in END_TEXTS:
            found[name] = value.rstrip(b"\0").decode()
        elif name in END_PORTS:
            found[name] = int.from_bytes(value, "big")
        elif name.endswith("addr"):
            found[name] = socket.inet_ntop(
                socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)
        elif name != "pad":
            found[name] = number(value)
    return found


def conns():
    """What the module tells of sockets: {inode: {attr: bytes}}."""
    with Netlink() as link:
        bodies = link.ask(K.CMD_CONN_GET, flags=F_DUMP)
    found = {}
    for body in bodies:
        each = dict(attrs(body[4:]))
        found[number(each[K.A_CONN_INODE])] = each
    return found
