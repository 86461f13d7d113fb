# SPDX-License-Identifier: GPL-2.0-only
"""Messages that are refused, and such that nobody would send."""
import errno
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from genl import F_ACK, F_DUMP, Helper, K, Refused, attr, cond, rule
from world import LIMIT, LOCAL, Conn, Inet, becomes, refused

DIRECT, BY_TCP, ASK = K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_ASK

BAD = (
    ("begin without anything", K.CMD_POLICY_BEGIN, []),
    ("generation 0", K.CMD_POLICY_BEGIN,
     [attr(K.A_POLICY_GENERATION, (4, 0)), attr(K.A_POLICY_RULES, (4, 0))]),
    ("an unknown flag", K.CMD_POLICY_BEGIN,
     [attr(K.A_POLICY_GENERATION, (4, 99)), attr(K.A_POLICY_RULES, (4, 0)),
      attr(K.A_POLICY_FLAGS, (4, 2))]),
    ("another command's attribute", K.CMD_POLICY_COMMIT,
     [attr(K.A_POLICY_GENERATION, (4, 99)), attr(K.A_POLICY_RULES, (4, 0))]),
    ("an unknown attribute", K.CMD_POLICY_COMMIT,
     [attr(K.A_POLICY_GENERATION, (4, 99)), attr(99, (4, 0))]),
    ("a number of another size", K.CMD_POLICY_COMMIT,
     [attr(K.A_POLICY_GENERATION, (2, 99))]),
    ("a rule in no set", K.CMD_POLICY_ADD,
     [attr(K.A_POLICY_GENERATION, (4, 99)), rule(1, DIRECT)]),
    ("a set that was not begun", K.CMD_POLICY_COMMIT,
     [attr(K.A_POLICY_GENERATION, (4, 99))]),
    ("an answer without question", K.CMD_POLICY_ANSWER,
     [attr(K.A_POLICY_GENERATION, (4, 99))]),
    ("asking as an answer", K.CMD_POLICY_ANSWER,
     [attr(K.A_POLICY_GENERATION, (4, 99)), attr(K.A_POLICY_ID, (8, 1)),
      attr(K.A_POLICY_VERDICT, (1, ASK))]),
)

# What a program does whose name is long.
CONNECT = """
import sys
sys.path[:0] = ["."]
import world
with world.Inet() as client:
    world.connect(client, ("127.0.0.1", int(sys.argv[1])))
    assert client.recv(1) == b"x"
"""

PORT = K.FIELD_TO_PORT
BAD_RULES = (
    ("without a number", attr(K.A_POLICY_RULE,
                              [attr(K.A_RULE_VERDICT, (1, DIRECT))])),
    ("without a verdict", attr(K.A_POLICY_RULE,
                               [attr(K.A_RULE_NUMBER, (4, 1))])),
    ("verdict 0", rule(1, 0)),
    ("verdict 5", rule(1, 5)),
    ("not a nest", attr(K.A_POLICY_RULE, (4, 1))),
    ("an unknown likeness", rule(1, DIRECT, same=16)),
    ("ranges for an address", rule(1, DIRECT, {0: [(1, 2)]})),
    ("networks for a port", rule(1, DIRECT, {PORT: ["127.0.0.1"]})),
    ("backwards", rule(1, DIRECT, {PORT: [(2, 1)]})),
    ("not ascending", rule(1, DIRECT, {PORT: [(5, 6), (1, 2)]})),
    ("touching", rule(1, DIRECT, {PORT: [(1, 2), (2, 3)]})),
    ("bits behind a length", rule(1, DIRECT, {0: ["10.1.0.0/8"]})),
    ("a field of answers", rule(1, DIRECT, {K.FIELD_FROM_EXE: [(1, 2)]})),
    ("no field", rule(1, DIRECT, {14: [(1, 2)]})),
    ("a field too far", rule(1, DIRECT, {99: [(1, 2)]})),
    ("a field twice", attr(K.A_POLICY_RULE, [
        attr(K.A_RULE_NUMBER, (4, 1)), attr(K.A_RULE_VERDICT, (1, DIRECT)),
        cond(PORT, [(1, 2)]), cond(PORT, [(1, 2)])])),
    ("no values", attr(K.A_POLICY_RULE, [
        attr(K.A_RULE_NUMBER, (4, 1)), attr(K.A_RULE_VERDICT, (1, DIRECT)),
        attr(K.A_RULE_COND, [attr(K.A_COND_FIELD, (1, PORT)),
                             attr(K.A_COND_RANGES, b"")])])),
    ("half a value", attr(K.A_POLICY_RULE, [
        attr(K.A_RULE_NUMBER, (4, 1)), attr(K.A_RULE_VERDICT, (1, DIRECT)),
        attr(K.A_RULE_COND, [attr(K.A_COND_FIELD, (1, PORT)),
                             attr(K.A_COND_RANGES, bytes(24))])])),
    ("too many values", rule(1, DIRECT, {PORT: [
        (3 * n, 3 * n) for n in range(K.POLICY_SET_MAX + 1)]})),
)


def messages_are_checked():
    with Helper().register() as helper, Conn() as conn:
        helper.push(rule(1, DIRECT))
        for what, command, given in BAD:
            try:
                helper.ask(command, given)
            except Refused as why:
                assert why.errno in (errno.EINVAL, errno.ERANGE), (what, why)
                assert why.why or len(given) < 2, what
            else:
                raise AssertionError(what)
        for what, bad in BAD_RULES:
            helper.begin(2)
            helper.add(rule(1, BY_TCP))
            try:
                helper.add(bad)
            except Refused as why:
                assert why.errno in (errno.EINVAL, errno.ERANGE), (what, why)
                assert why.why, what
            else:
                raise AssertionError(what)
            refused(errno.EINVAL, helper.commit)
        refused(errno.E2BIG, helper.begin, K.POLICY_RULES_MAX + 1)
        helper.begin(1)
        refused(errno.EINVAL, helper.commit)
        helper.begin(1)
        refused(errno.EINVAL, helper.add, rule(1, DIRECT), rule(2, DIRECT))
        # The rules of before are in force all the while.
        assert becomes(conn, LOCAL) and helper.get()["rules"] == 1


def deep_program():
    """A copy of this interpreter whose path is almost as long as may be."""
    top = pathlib.Path(tempfile.mkdtemp())
    path = top.joinpath(*["x" * 200] * 18)
    path.mkdir(parents=True)
    shutil.copy(sys.executable, path / "program")
    return top, path / "program"


def long_names_are_told():
    """What does not fit into a message of the usual size."""
    top, program = deep_program()
    try:
        with Helper().register() as helper, Inet() as listener:
            helper.push(rule(1, ASK))
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with subprocess.Popen(
                    [program, "-c", CONNECT, str(listener.getsockname()[1])],
                    cwd=os.path.dirname(__file__)) as child:
                conn, _ = listener.accept()
                with conn:
                    asked = helper.question()
                    assert asked["from"]["exe"] == str(program), asked["from"]
                    assert asked["from"]["pid"] == child.pid
                    conn.sendall(b"x")
                assert child.wait(LIMIT) == 0
    finally:
        shutil.rmtree(top)


def scrambled(chance, data):
    data = bytearray(data)
    for _ in range(chance.randint(0, 3)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    if not chance.randrange(4):
        del data[chance.randrange(len(data) + 1):]
    return bytes(data) + chance.randbytes(chance.choice((0, 0, 1, 40)))


def random_messages():
    """Whatever is sent, the module goes on; the seed is in the output."""
    seed = int(os.environ.get("SDIRECT_SEED", "0")) or \
        random.SystemRandom().randrange(1 << 32)
    print("SDIRECT_SEED", seed, flush=True)
    chance = random.Random(seed)
    commands = [value for name, value in vars(K).items()
                if name.startswith("CMD_") and not name.endswith("MAX")]
    good = [b"".join(given) for _, _, given in BAD]
    good += [attr(K.A_POLICY_GENERATION, (4, 7)) + each
             for _, each in BAD_RULES if len(each) < 5000]
    good += [attr(K.A_POLICY_GENERATION, (4, 7)) + rule(3, ASK, {
        0: ["10.0.0.0/8"], PORT: [(1, 2), (5, 9)]}, rate=3)]
    with Helper().register() as helper, Conn() as conn:
        helper.push(rule(1, DIRECT))
        for n in range(int(os.environ.get("SDIRECT_MESSAGES", "3000"))):
            if not n % 10:
                helper.generation = 6
                try:
                    helper.begin(chance.choice((1, 2, 1000)))
                except Refused:
                    pass
            try:
                helper.ask(chance.choice(commands),
                           [scrambled(chance, chance.choice(good))],
                           flags=F_ACK | chance.choice((0, 0, 0, F_DUMP)))
            except Refused:
                pass
        assert becomes(conn, LOCAL) or helper.get()["generation"]
        conn.talk()
