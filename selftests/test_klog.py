# SPDX-License-Identifier: GPL-2.0-only
"""What counts as bad in the log of a kernel, and what does not."""
import sys

import pytest

import plan

sys.path.insert(0, str(plan.TOP / "tools" / "vm"))

import klog  # noqa: E402

BAD = """\
BUG: KASAN: use-after-free in sdirect_close+0x1f/0x80 [sdirect]
BUG: sleeping function called from invalid context at mm/page_alloc.c:5130
UBSAN: array-index-out-of-bounds in kmod/ring.c:17:3
WARNING: possible circular locking dependency detected
WARNING: possible recursive locking detected
WARNING: suspicious RCU usage
WARNING: inconsistent lock state
INFO: possible recursive locking detected
INFO: trying to register non-static key.
INFO: task sdirect:71 blocked for more than 122 seconds.
BUG: MAX_LOCKDEP_CHAINS too low!
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
ODEBUG: free active (active state 0) object type: work_struct
refcount_t: underflow; use-after-free.
list_del corruption, ffff88800a0b1000->next is LIST_POISON1
unregister_netdevice: WARNING: waiting for lo to become free
rcu: INFO: rcu_preempt self-detected stall on CPU
Oops: 0000 [#1] PREEMPT SMP KASAN
Kernel panic - not syncing: Fatal exception
""".splitlines()

HARMLESS = """\
kmemleak: Kernel memory leak detector initialized (mem pool available: 15622)
kmemleak: Automatic memory scanning thread started
Kernel command line: console=ttyS0 oops=panic hung_task_panic=0 WARNING
rcu: RCU lockdep checking is enabled.
Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
kasan: KernelAddressSanitizer initialized
FAULT_INJECTION: forcing a failure.
sdirect: loading out-of-tree module taints kernel.
""".splitlines()

RACE = """\
==================================================================
BUG: KCSAN: data-race in {first} / {second}

write to 0xffff888004b0c4c0 of 4 bytes by task 80 on cpu 1:
 {first}
 __sys_sendto+0x1f0/0x250

read to 0xffff888004b0c4c0 of 4 bytes by task 81 on cpu 0:
 {second}
 {caller}

value changed: 0x00000001 -> 0x00000002
==================================================================
"""


@pytest.mark.parametrize("line", BAD)
def test_bad(line):
    assert klog.bad_lines(f"[    1.5] before\n[   12.345678] {line}\n") == \
        [f"[   12.345678] {line}"]


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless(line):
    assert not klog.bad_lines(f"[   12.345678] {line}\n")


@pytest.mark.parametrize("first, second, caller, bad", [
    ("tcp_sendmsg+0x1/0x2", "tcp_poll+0x1/0x2", "sock_poll+0x1/0x2", 0),
    ("tcp_sendmsg+0x1/0x2", "tcp_poll+0x1/0x2", "sd_poll+0x1/0x2 [sdirect]", 0),
    ("tcp_sendmsg+0x1/0x2", "sd_poll+0x1/0x2 [sdirect]", "sock_poll+0x1/0x2",
     1),
    ("sd_send+0x1/0x2 [sdirect]", "tcp_poll+0x1/0x2", "sock_poll+0x1/0x2", 1),
    ("tcp_sendmsg+0x1/0x2", "_copy_to_iter+0x1/0x2",
     "sd_recv+0x1/0x2 [sdirect]", 1),
    ("tcp_sendmsg+0x1/0x2", "_copy_to_iter+0x1/0x2", "tcp_recvmsg+0x1/0x2", 0),
])
def test_race(first, second, caller, bad):
    report = RACE.format(first=first, second=second, caller=caller)
    assert len(klog.bad_lines(report)) == bad
