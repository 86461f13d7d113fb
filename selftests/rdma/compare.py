#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures sdirect beside TCP, rsockets and perftest, over the same two devices.

In a machine of its own: tools/vm/run selftests/rdma/compare.py [ROUNDS]
Prints a table for Documentation/rdma.rst.
"""
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import hosts            # noqa: E402
import rdma             # noqa: E402
import rdma_cases       # noqa: E402

BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD",
                                    rdma.HERE.parents[1] / "build"))
SHIM = [BUILD / "sdirect-run", "--require"]
LAT, BULK = 64, 65536   # bytes
ROWS = {                # what runs: (before it, its options)
    "TCP": ([], ["-T", "s", "-T", "b"]),
    "rsocket": ([], ["-T", "b"]),
    "sdirect": (SHIM, ["-T", "s", "-T", "b"]),
    "sdirect awake": (SHIM, ["-T", "s", "-T", "b"]),
}
USUAL, AWAKE = 50, 1000  # microseconds that a call looks before it sleeps


def free_port():
    with socket.socket() as sock:
        sock.bind((hosts.SERVER, 0))
        return sock.getsockname()[1]


def both(server, client, ready):
    """Output of the client of a pair; the server has said that it is ready."""
    with subprocess.Popen([str(arg) for arg in server], text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            hosts.until("listening", lambda: ready(process))
            return hosts.run(*client).stdout
        finally:
            process.kill()


def listens(port):
    def ready(_process):
        return f":{port} " in hosts.run("ss", "-Htln").stdout
    return ready


def rsocket_listens(_process):
    """It is no TCP socket: whoever calls too early is refused, and told."""
    return "rstream" in hosts.run("rdma", "resource", "show", "cm_id").stdout


def rstream(name, size, transfers, iterations):
    """Microseconds for a transfer in one direction."""
    before, options = ROWS[name]
    rdma_cases.SPIN.write_text(str(AWAKE if "awake" in name else USUAL))
    port = free_port()
    what = ["rstream", *options, "-p", port, "-S", size, "-C", transfers,
            "-I", iterations]
    ready = rsocket_listens if name == "rsocket" else listens(port)
    text = both([*before, *what, "-b", hosts.SERVER],
                [*before, *what, "-s", hosts.SERVER], ready)
    return float(text.split()[-1])


def gid_index(device, address):
    want = ":".join(["0000"] * 5 + ["ffff"] + [
        socket.inet_aton(address).hex()[i:i + 4] for i in (0, 4)])
    for path in pathlib.Path("/sys/class/infiniband").glob(
            f"{device}/ports/1/gids/*"):
        if path.read_text().strip() == want:
            return path.name
    raise hosts.Wrong(f"{device} has no {address}")


def perftest(program, size, count):
    """The row of numbers that it prints."""
    port = free_port()
    what = [program, "-F", "-s", size, "-n", count, "-p", port]
    text = both([*what, "-d", "rxeb", "-x", gid_index("rxeb", hosts.SERVER)],
                [*what, "-d", "rxea", "-x", gid_index("rxea", hosts.CLIENT),
                 hosts.SERVER], listens(port))
    row = re.findall(rf"^ *{size} +{count} +(.*)$", text, re.M)
    return [float(word) for word in row[-1].split()]


def latency(name):
    """Microseconds one way, of messages that wait for an answer."""
    if name in ROWS:
        return rstream(name, LAT, 1, 1000)
    return perftest(name, LAT, 1000)[3]     # the mean, as rstream has it


def take_all(sock, count):
    """In a process of its own: says so when the last byte has been read."""
    room = bytearray(BULK)
    while count:
        got = sock.recv_into(room, min(count, BULK))
        if not got:
            break
        count -= got
    sock.sendall(b"!")


def pour(client, server, count):
    """Microseconds until @count messages have been read at the other end."""
    message = bytes(BULK)
    pid = os.fork()
    if not pid:
        try:
            take_all(server, count * BULK)
        finally:
            os._exit(0)
    begin = time.perf_counter()
    for _ in range(count):
        client.sendall(message)
    hosts.receive(client, 1)
    end = time.perf_counter()
    os.waitpid(pid, 0)
    return 1e6 * (end - begin)


def stream(count=1000):
    """The same by RDMA, and nothing else: a connection begins on TCP."""
    with hosts.direct() as (client, server):
        before = counted()["write_bytes"]
        took = pour(client, server, count)
        share = (counted()["write_bytes"] - before) / (count * BULK)
    if share < 0.99:
        raise hosts.Wrong(f"{share:.2f} of the bytes went by RDMA")
    return took / count


def bulk(name):
    """MB/s."""
    if name == "sdirect":
        return BULK / stream()
    if name in ROWS:
        return BULK / rstream(name, BULK, 1000, 1)
    return perftest(name, BULK, 1000)[1] * (1 << 20) / 1e6


def counted():
    rows = json.loads(hosts.run(BUILD / "sdirect", "rdma", "list",
                                "--json").stdout)
    return {key: sum(row[key] for row in rows)
            for key in ("writes", "write_bytes", "writes_inlined", "credits",
                        "completions")}


def verbs(transfers, iterations):
    """Both hosts' together, for 1,000 messages."""
    before = counted()
    rstream("sdirect", LAT, transfers, iterations)
    after = counted()
    number = 2 * transfers * iterations / 1000
    return {key: (after[key] - before[key]) / number for key in after}


def table(title, measure, names, rounds):
    results = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            results[name].append(measure(name))
    print(f"\n{title}, median of {rounds}:")
    for name, values in results.items():
        print(f"  {name:14} {statistics.median(values):9.1f}   "
              f"({min(values):.1f} to {max(values):.1f})", flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    hosts.run(rdma.HERE / "wire.sh")
    hosts.run("modprobe", "-a", "ib_uverbs", "rdma_ucm")
    rdma.load()
    table(f"{LAT} bytes there or back, us", latency,
          (*ROWS, "ib_write_lat", "ib_send_lat"), rounds)
    table(f"{BULK} bytes at a time, MB/s", bulk,
          ("TCP", "rsocket", "sdirect", "ib_write_bw"), rounds)
    for title, ways in (("one at a time", (1, 1000)),
                        ("1,000 in a row", (1000, 5))):
        print(f"\nVerbs for 1,000 messages of {LAT} bytes, {title}:")
        for key, value in verbs(*ways).items():
            print(f"  {key:14} {value:9.1f}", flush=True)


if __name__ == "__main__":
    main()
