# SPDX-License-Identifier: GPL-2.0-only
"""The module's counters: which way the bytes of a suite went."""
import json
import subprocess

SENT = "ring_tx_bytes"
READ = "ring_rx_bytes"
SHOWN = ("sockets", "pairs", "switches_to_ring", SENT, READ, "user_tx_calls",
         "user_rx_calls")


def counters(command):
    done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=60)
    return json.loads(done.stdout)


def grown(before, after):
    return {name: after[name] - before[name] for name in SHOWN}


def wrong(tcp, shim, least):
    """What the counters of the two runs say against the proof, or None."""
    if any(tcp.values()):
        return f"the run on TCP was not: {in_words(tcp)}"
    if not shim["sockets"]:
        return "the run under the shim was on TCP"
    if min(shim[SENT], shim[READ]) < least:
        return f"rings not used: {in_words(shim)}; at least {least} expected"
    return None


def in_words(numbers):
    return ", ".join(f"{name} {value}" for name, value in numbers.items())
