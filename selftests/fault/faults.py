# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's side: what can fail, where it did, and what the log says."""
import errno
import os
import pathlib
import re

import klog

DEBUG = pathlib.Path("/sys/kernel/debug")
TRACING = pathlib.Path("/sys/kernel/tracing")
EVENT = TRACING / "events/kprobes/fault"
STACK = re.compile(r"^ => (\w+)")
SETTINGS = {
    "failslab/ignore-gfp-wait": "N",
    "failslab/verbose": "0",
    "fail_page_alloc/ignore-gfp-wait": "N",
    "fail_page_alloc/min-order": "0",
    "fail_page_alloc/verbose": "0",
    "fail_usercopy/verbose": "0",
    "fail_futex/verbose": "0",
}


def available():
    return (DEBUG / "failslab").exists() and \
        pathlib.Path("/proc/self/fail-nth").exists()


def allow():
    """Every allocation can fail, and says nothing in the log."""
    for name, value in SETTINGS.items():
        (DEBUG / name).write_text(value)


class Where:
    """In a with: the stacks of all failures, whatever the caller forbids."""

    def __enter__(self):
        (TRACING / "kprobe_events").write_text(
            "r64:fault should_fail_ex fails=$retval:u8\n")
        (EVENT / "filter").write_text("fails != 0")
        (EVENT / "trigger").write_text("stacktrace if fails != 0")
        (TRACING / "trace").write_text("")
        (EVENT / "enable").write_text("1")
        return self

    def __exit__(self, *_):
        (EVENT / "enable").write_text("0")
        (EVENT / "trigger").write_text("!stacktrace")
        # Opened to be written anew: there are no others.
        (TRACING / "kprobe_events").write_text("")

    @staticmethod
    def functions():
        """From the inside to the outside, of each failure."""
        lines = (TRACING / "trace").read_text().splitlines()
        return [match[1] for match in map(STACK.match, lines) if match]


class Log:
    """What the kernel has logged since it was last asked."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def bad_lines(self):
        lines = []
        while True:
            try:
                record = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EPIPE:  # some were overwritten
                    raise
                continue
            lines.append(record.partition(";")[2].partition("\n")[0])
        return klog.bad_lines("\n".join(lines))
