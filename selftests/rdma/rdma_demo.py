#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Redis between two hosts: by TCP, by RDMA, and while its RDMA device goes.

In a machine of its own, where both hosts are one: make demo-rdma
"""
import contextlib
import csv
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

import hosts            # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD",
                                    HERE.parents[1] / "build"))
SHIM = [BUILD / "sdirect-run", "--require"]


@contextlib.contextmanager
def redis(prefix):
    """A server at the other host; its port."""
    with hosts.Inet() as sock:
        sock.bind((hosts.SERVER, 0))
        port = sock.getsockname()[1]
    argv = [*prefix, "redis-server", "--bind", hosts.SERVER, "--port", port,
            "--save", "", "--protected-mode", "no"]
    with subprocess.Popen([str(arg) for arg in argv], text=True,
                          stdout=subprocess.PIPE) as process:
        try:
            for line in process.stdout:
                if "Ready to accept" in line:
                    break
            else:
                raise hosts.Wrong("redis-server has ended")
            drain = threading.Thread(target=process.stdout.read, daemon=True)
            drain.start()
            yield port
        finally:
            process.terminate()


def bench(prefix, port, requests):
    """{test: (requests a second, median in us)}."""
    done = hosts.run(*prefix, "redis-benchmark", "-h", hosts.SERVER, "-p",
                     port, "-t", "get,set", "-n", requests, "-c", 5, "-d",
                     100, "--csv")
    if "rror" in done.stdout + done.stderr:
        raise hosts.Wrong(done.stdout + done.stderr)
    return {row["test"]: (float(row["rps"]),
                          1000 * float(row["p50_latency_ms"]))
            for row in csv.DictReader(done.stdout.splitlines())}


def moved():
    """Bytes that went by RDMA, from either host."""
    rows = json.loads(hosts.run(BUILD / "sdirect", "rdma", "list",
                                "--json").stdout)
    return sum(row["write_bytes"] for row in rows)


def by_rdma(requests):
    with redis(SHIM) as port:
        before = moved()
        results = bench(SHIM, port, requests)
        if moved() - before < 100 * requests:
            raise hosts.Wrong("too few bytes went by RDMA")
    return results


def without_a_device(requests):
    """The device is removed while requests are under way, and comes back."""
    ended = threading.Event()
    removed = []

    def remove():
        start = moved()
        while not removed and not ended.wait(0.01):
            if moved() - start > 10 * requests:
                hosts.run("rdma", "link", "delete", "rxea")
                removed.append(True)

    with redis(SHIM) as port:
        thread = threading.Thread(target=remove, daemon=True)
        thread.start()
        try:
            results = bench(SHIM, port, requests)
        finally:
            ended.set()
            thread.join(hosts.LIMIT)
            if removed:
                hosts.run("rdma", "link", "add", "rxea", "type", "rxe",
                          "netdev", "va")
    if not removed:
        raise hosts.Wrong("all was over before the device was removed")
    return results


def main():
    import rdma     # pylint: disable=import-outside-toplevel
    requests = 40000
    hosts.run(HERE / "wire.sh")
    rdma.load()
    with redis([]) as port:
        rows = {"tcp": bench([], port, requests)}
    rows["rdma"] = by_rdma(requests)
    rows["rdma, device removed"] = without_a_device(requests)
    print(f"\nRedis between two hosts, {requests} requests of 100 bytes, "
          "5 clients\n")
    for name, results in rows.items():
        for test, (rate, median) in results.items():
            print(f"{name:22} {test:5} {rate:9.0f} requests/s  "
                  f"median {median:7.0f} us", flush=True)
    print("\nNo request failed, also while the device was removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
