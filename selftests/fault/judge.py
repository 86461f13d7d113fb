# SPDX-License-Identifier: GPL-2.0-only
"""Says of one run of failnth whether a TCP program could have seen the same.

TCP is judged by the same rules: what is allowed here, it does.
"""
import errno
import re
from typing import NamedTuple

RUN = re.compile(r"^@ nth=(\d+) used=(\d+) tasks=\d+ end=(\S+)"
                 r"(?: crash=(\d+))?((?: hit=\S+)*)$")
COUNT = re.compile(r"^= (\w+) \d+ (\d+)$")
# What the harness prints of the first check that fails, and our children.
CHECK = re.compile(r"^\| # .*:(?:Expected |child: |no connected pair: |not on )")
BYTES = re.compile(r"memcmp|net_check|Bad message")

NO_MEMORY = {errno.ENOMEM, errno.ENOBUFS}
# A copy from or to the program fails on demand as well.
ANY = NO_MEMORY | {errno.EFAULT}
FILES = {errno.ENFILE, errno.EMFILE}
# More than ANY, by system call.
ERRORS = {
    "socket": FILES,
    "accept": FILES,
    "accept4": FILES,
    "bind": {errno.EADDRINUSE},
    "listen": {errno.EADDRINUSE},
    "connect": {errno.EADDRNOTAVAIL},
    # The library asks for rings, and asks again later.
    "ioctl": {errno.EAGAIN},
}
SENDS = {"sendto", "sendmsg", "sendmmsg", "write", "writev", "sendfile",
         "splice"}
# The kernel's own, which no program sees: the call begins again.
RESTART = {512, 513, 514, 516}


class Loss(NamedTuple):
    """What a program is not told, and why that is right.

    function: the allocation failed in one whose name begins so; ends: how the
    test ends; check: what its first failing check says
    """
    function: str
    ends: tuple
    check: str
    why: str


LOSSES = (
    Loss("tcp_send_fin", ("hung", "failed"), "",
         "a FIN for which there is no memory is never sent, by TCP either"),
    Loss("sdr_", ("failed",), r"net_warm\(|net_used_rings\(|not on rings",
         "the connection stays on TCP, and the test wants rings"),
    Loss("netlink_ack", ("failed",), r"list\(.*\(-%d\)" % errno.ENOBUFS,
         "an answer that has no memory is told at the next receive"),
)


class Hit(NamedTuple):
    call: str
    result: int         # None: the task ended in it
    index: int
    task: int


class Run(NamedTuple):
    nth: int
    used: int
    end: str            # passed, failed, hung, signal:N
    crash: int
    hits: tuple
    output: tuple


class Verdict(NamedTuple):
    """kind: passed, error (one that TCP gives), lost (rightly), finding"""
    kind: str
    why: str


def parse_hit(text):
    call, result, index, task = text.removeprefix("hit=").split(",")
    return Hit(call, None if result == "died" else int(result), int(index),
               int(task))


def parse(lines):
    """The runs in what failnth has printed."""
    runs = []
    for line in lines:
        match = RUN.match(line)
        if match:
            nth, used, end, crash, hits = match.groups()
            runs.append(Run(int(nth), int(used), end, int(crash or 0),
                            tuple(map(parse_hit, hits.split())), ()))
        elif runs and line[:1] in "|#":
            last = runs.pop()
            runs.append(last._replace(output=last.output + (line,)))
    return runs


def counted(lines):
    """(call, number of allocations) of each, in their order."""
    return [(match[1], int(match[2])) for match in map(COUNT.match, lines)
            if match]


def error_name(number):
    return errno.errorcode.get(number, str(number))


def is_error(hit):
    return hit.result is not None and hit.result < 0 and \
        -hit.result not in RESTART


def describe(run):
    """What failed, in words."""
    if not run.hits:
        return "nothing failed"
    texts = []
    for hit in run.hits:
        result = ("did not return" if hit.result is None else
                  error_name(-hit.result) if is_error(hit) else
                  "a restart" if hit.result < 0 else str(hit.result))
        texts.append(f"allocation {hit.index} of {hit.call}: {result}")
    return "; ".join(texts)


def first_check(run):
    """The first line that says what is wrong."""
    for line in run.output:
        if CHECK.match(line):
            return line.removeprefix("| # ")
    return run.output[0].removeprefix("| ") if run.output else "no output"


def unseen(hit):
    """An error that TCP never gives."""
    return is_error(hit) and \
        -hit.result not in ANY | ERRORS.get(hit.call, set())


def rightly_lost(run, stack):
    """Why nothing was said, or None."""
    for loss in LOSSES:
        if run.end in loss.ends and \
                any(name.startswith(loss.function) for name in stack) and \
                re.search(loss.check, first_check(run)):
            return loss.why
    return None


def was_told_not_sent(run):
    """Did a send say that it failed?  Then somebody waits for the bytes.

    A call that comes back with a lock held is told of by lockdep.
    """
    return any(is_error(hit) and hit.call in SENDS and not unseen(hit)
               for hit in run.hits)


def judge(run, stack=()):
    """The verdict; stack: functions in which the allocation failed."""
    if run.end == "passed":
        return Verdict("passed", describe(run))
    if not run.hits:
        return Verdict("finding", "it fails by itself")
    if run.end.startswith("signal:"):
        return Verdict("finding", f"it was killed by {run.end}")
    why = rightly_lost(run, stack)
    if why:
        return Verdict("lost", why)
    if run.end == "hung" and was_told_not_sent(run):
        return Verdict("error", describe(run))
    if run.end == "hung":
        return Verdict("finding", "it hangs")
    if run.crash:
        return Verdict("finding", f"it crashed: signal {run.crash}")
    check = first_check(run)
    if BYTES.search(check):
        return Verdict("finding", f"wrong bytes: {check}")
    if any(unseen(hit) for hit in run.hits):
        return Verdict("finding", f"no error of TCP: {describe(run)}")
    if any(is_error(hit) for hit in run.hits):
        return Verdict("error", describe(run))
    return Verdict("finding", f"no error, but {check}")
