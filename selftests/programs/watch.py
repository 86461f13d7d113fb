# SPDX-License-Identifier: GPL-2.0-only
"""A row in a process of its own: it ends in time, and all that it started."""
import ctypes
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

TELL = 20               # seconds without a word
PATIENCE = 30           # seconds for killed processes to be gone
REPORT = 4000           # bytes of a reason
PROC = pathlib.Path("/proc")
# What the kernel says of a process that ended by a signal of its own.
CRASH = re.compile(r"segfault at|traps: |general protection|trap invalid|"
                   r"type=1326")


class Log:
    """What the kernel says from now on."""

    def __init__(self):
        self.file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.file, 0, os.SEEK_END)

    def crashes(self):
        """Its new lines about programs that have crashed."""
        found = []
        while True:
            try:
                line = os.read(self.file, 8192).decode(errors="replace")
            except BlockingIOError:
                return found
            if CRASH.search(line):
                found.append(line.partition(";")[2].strip())


def adopt():
    """What loses its parent becomes our child: so nobody is lost."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def read(path):
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return "?"


def descendants():
    """The processes that came from this one, the oldest first."""
    parents = {}
    for path in PROC.glob("[0-9]*/stat"):
        words = read(path).rpartition(")")[2].split()
        if words:
            parents[int(path.parent.name)] = int(words[1])
    family = [os.getpid()]
    for pid in family:
        family += sorted(child for child, parent in parents.items()
                         if parent == pid)
    return family[1:]


def describe(pid):
    """What its threads are waiting for."""
    base = PROC / str(pid)
    words = read(base / "cmdline").replace("\0", " ") or read(base / "comm")
    lines = [f"process {pid}: {words[:150]}"]
    for task in sorted(base.glob("task/[0-9]*")):
        lines.append(f"  thread {task.name}: {read(task / 'wchan')}, call "
                     f"{read(task / 'syscall')}")
    return lines


def show_state(say, listing):
    """For a report of what hangs."""
    for pid in descendants():
        for line in describe(pid):
            say(line)
    try:
        done = subprocess.run(listing, capture_output=True, text=True,
                              timeout=TELL, check=False)
        for line in (done.stdout + done.stderr).splitlines():
            say(line)
    except subprocess.TimeoutExpired:
        say(f"{listing} hangs")


def reap():
    """Takes those of our children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_family():
    """Kills what is left; those that cannot be killed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        reap()
        family = descendants()
        if not family:
            return []
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    return family


def in_child(work):
    """Calls it in a child; the pipe on which its reason to fail comes."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        return reader
    status = 1
    try:
        os.close(reader)
        reason = work()
        os.write(writer, (reason or "").encode()[-REPORT:] + b"\0")
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def reason_of(name, work, limit, say, listing):
    """Why the work has failed, or None; nothing of it is left behind."""
    begin = time.monotonic()
    pipe, text = in_child(work), b""
    while (left := begin + limit - time.monotonic()) > 0:
        if not select.select([pipe], [], [], min(TELL, left))[0]:
            say(f"{name}: {time.monotonic() - begin:.0f} s of at most {limit}")
            continue
        data = os.read(pipe, REPORT)
        text += data
        if not data or text.endswith(b"\0"):
            break
    os.close(pipe)
    if left <= 0:
        show_state(say, listing)
        text = f"no end after {limit} s\0".encode()
    reap()
    stuck = end_family()
    if stuck:
        return f"processes that cannot be killed: {stuck}"
    if not text.endswith(b"\0"):
        return "it ended without a word"
    return text[:-1].decode(errors="replace") or None
