# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark measures what it says, and judges it by its own rows."""
import importlib.machinery
import importlib.util
import json
import os
import socket
import subprocess
import sys

import pytest

import plan
from conftest import make

BENCH = plan.TOP / "tools/bench"
# Turns a bit in what the first process sends; its child's would turn it back.
FLIP = """\
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pid_t first;

__attribute__((constructor)) static void start(void)
{
\tfirst = getpid();
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
\tssize_t (*next)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
\tchar copy[65536];

\tif (len > sizeof(copy) || getpid() != first)
\t\treturn next(fd, buf, len, flags);
\tmemcpy(copy, buf, len);
\tcopy[0] ^= 1;
\treturn next(fd, copy, len, flags);
}
"""
LIMIT = 120
ROW = {"group", "transport", "size", "clients", "metric", "unit", "median",
       "min", "max", "rounds"}
TARGET = {"what", "against", "goal", "value", "met"}
sys.path.append(str(BENCH))

import benches  # noqa: E402
import plots  # noqa: E402
import tables  # noqa: E402
import targets  # noqa: E402
from results import Key, Results  # noqa: E402


@pytest.fixture(scope="module", name="bench")
def built(build):
    make("-C", "tools/lib", "all")
    make("-C", "tools/preload", "all")
    make("-C", "tools/bench", "all")
    return build / "sdirect-bench"


def load(name):
    """A script of the benchmark as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(BENCH / name))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def run(*argv, **env):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=LIMIT,
                          env=dict(os.environ, **env), check=False)
    print(done.stdout)
    return done


def short(bench, command, transport, size=8, clients=1, **env):
    return run(bench, command, "--transport", transport, "--sizes", size,
               "--clients", clients, "--active", clients, "--seconds", "0.01",
               "--limit", 60, **env)


def flip(directory):
    """The library of FLIP."""
    source, library = directory / "flip.c", directory / "flip.so"
    source.write_text(FLIP, encoding="ascii")
    run("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source)
    return str(library)


@pytest.mark.parametrize("transport", ("pipe", "unix", "tcp", "queue",
                                       "queue-wake", "ring"))
@pytest.mark.parametrize("command", ("rtt", "stream"))
def test_bytes_come_through(bench, command, transport):
    done = short(bench, command, transport, 65536)
    assert done.returncode == 0
    assert done.stdout.count("\n") == {"rtt": 5, "stream": 4}[command]


# The server's and the others' know no size.
COMMANDS = ("server", "connect", "memory", "lease", "fork", "threads")


@pytest.mark.parametrize("transport", ("unix", "tcp"))
@pytest.mark.parametrize("command", COMMANDS)
def test_connections_are_served(bench, command, transport):
    done = short(bench, command, transport, clients=4)
    assert done.returncode == 0 and "\t" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_byte_is_seen_by_clients(bench, command, tmp_path):
    done = short(bench, command, "unix", clients=4, LD_PRELOAD=flip(tmp_path))
    assert done.returncode and "sdirect-bench: " in done.stdout


@pytest.mark.parametrize("size", (8, 1024))
@pytest.mark.parametrize("command", ("rtt", "stream"))
def test_a_wrong_byte_is_seen(bench, command, size, tmp_path):
    done = short(bench, command, "unix", size, LD_PRELOAD=flip(tmp_path))
    assert done.returncode and "wrong bytes" in done.stdout


@pytest.mark.parametrize("transport, complaint", (
    ("shim", "not a socket of sdirect"),
    ("ring-shim", "operation on non-socket"),
))
def test_another_way_is_seen(bench, transport, complaint):
    """Without the shim, what is to be measured under it does not run."""
    done = short(bench, "rtt", transport)
    assert done.returncode and complaint in done.stdout


def test_rows_and_targets(bench, build, tmp_path):
    """One round of everything that is native, as make bench does it."""
    for name in ("sdirect-bench", "libsdirect-preload.so", "libsdirect.so.0"):
        (tmp_path / name).symlink_to(build / name)
    env = {"SDIRECT_BUILD": str(tmp_path)}
    done = run(BENCH / "run", "native", "--quick", "--rounds", 2, "--seconds",
               "0.003", **env)
    assert done.returncode == 0 and "[ 48/" not in done.stdout
    assert run(BENCH / "run", "report", **env).returncode == 0
    with open(tmp_path / "bench/results.json", encoding="ascii") as file:
        document = json.load(file)
    assert set(document) == {"rows", "targets"}
    for row in document["rows"]:
        assert set(row) == ROW and len(row["rounds"]) == 2
        assert row["min"] <= row["median"] <= row["max"]
    assert all(set(row) == TARGET for row in document["targets"])
    # The rows of the library's ring are there; those of the guest are not.
    judged = {row["what"]: row["met"] for row in document["targets"]}
    assert judged["native: 8 B stream, libsdirect"] in (True, False)
    assert judged["8 B stream"] is None


def rows_of(ring, queue):
    results = Results()
    for group, metric in (("native-stream", "typical"),):
        for one, other in zip(ring, queue):
            results.add(Key(group, "ring", 8, 0, metric, "1/s"), one)
            results.add(Key(group, "queue", 8, 0, metric, "1/s"), other)
    return results


@pytest.mark.parametrize("ring, queue, met", (
    # The machine has become slower between the rounds.
    ((60, 6, 6), (100, 10, 10), True),
    ((40, 4, 40), (100, 10, 20), False),
))
def test_judgement(ring, queue, met):
    judged = targets.judge(rows_of(ring, queue))
    mine = [row for row in judged if row["against"] == "bare queue"]
    assert [row["met"] for row in mine] == [met]


def test_a_table_has_what_was_measured():
    rows = rows_of((60, 6), (100, 10)).rows()
    assert tables.table(rows, "native-stream", "typical") == [
        "typical, 1/s        ring         queue",
        "8 B           33 (6..60)  55 (10..100)"]


def test_a_plot_has_what_was_measured():
    results = rows_of((60, 6), (100, 10))
    results.add(Key("native-stream", "ring", 64, 0, "typical", "1/s"), 5)
    data = plots.curves(results.rows(), "native-stream", "typical")
    assert data["ring"] == [(8, 33, 6, 60), (64, 5, 5, 5)]
    text = plots.script("out.svg", "native-stream", "1/s", data)
    assert "8 33.0 6 60\n64 5 5 5\n" in text and 'title "queue"' in text


def test_each_target_can_be_judged():
    """A group or a transport that is spelled in another way is no target."""
    known = {bench.group for bench in benches.BENCHES} | {"instructions"} | \
        set(benches.JUDGED) | set(benches.RULED)
    asked = []

    class Asked(Results):
        def rounds(self, group, transport, *_rest, **_more):
            asked.append((group, transport))
            return [1]

    assert all(row["met"] is not None for row in targets.judge(Asked()))
    for group, transport in asked:
        assert transport in (*benches.TRANSPORTS, *benches.KINDS)
        assert group in known or group.startswith(
            ("redis-", "nginx-", "memcached", "pgbench"))


def test_instructions_are_those_of_the_document(bench):
    """The library's fast path has not grown; Documentation/performance.rst."""
    assert bench.exists()
    done = run(BENCH / "instructions")
    assert done.returncode == 0, done.stdout


def test_rules_are_measured(build, tmp_path):
    """In fewer of them: what is printed is taken apart."""
    make("-C", "tools/sdirectd", f"BUILD={build}", build / "sdirectd-judge")
    rules = load("rules")
    found = {kind: rules.measured(kind, 5000, tmp_path)
             for kind in benches.KINDS}
    for kind, each in found.items():
        assert set(each) == {metric for metric, _ in rules.FIGURES}, kind
        assert all(value >= 0 for value in each.values()), each
        assert 0 < each["decision"] < 1e6 * each["read"], each


def test_more_instructions_are_seen():
    counting = load("instructions")
    known = {("ring", 8): 1000}
    assert counting.complaints({("ring", 8): 1050}, known) == []
    assert "more" in counting.complaints({("ring", 8): 1051}, known)[0]
    assert "progress" in counting.complaints({("ring", 8): 949}, known)[0]
    assert "not in" in counting.complaints({("ring", 64): 1}, known)[0]


@pytest.fixture(name="serving")
def wire_that_serves():
    """The host that serves at the other end of a wire, and a line to it."""
    with subprocess.Popen(
            [sys.executable, "-u", BENCH / "wire", "serve", "127.0.0.1",
             "--port", "0", "--once"], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as process:
        port = int(process.stdout.readline().split()[-1])
        with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
            yield sock.makefile("rw")
            sock.shutdown(socket.SHUT_RDWR)
        said = process.communicate(timeout=LIMIT)[0]
    assert not process.returncode and "Traceback" not in said, said


def test_a_wire_does_what_it_knows_alone(serving):
    good = {"way": "TCP", "size": 64, "count": 10, "answered": True}
    for wrong in ({"way": "/bin/sh"}, {"size": 0}, {"size": 1 << 40},
                  {"count": -1}, {"size": "; reboot"}, {"size": None},
                  {"answered": True, "way": None}):
        serving.write(json.dumps({**good, **wrong}) + "\n")
        serving.flush()
        assert set(json.loads(serving.readline())) == {"error"}, wrong
    serving.write(json.dumps({}) + "\n")
    serving.flush()
    assert "KeyError" in json.loads(serving.readline())["error"]


def test_a_wire_reads_what_programs_print():
    wire = load("wire")
    answered, streamed = wire.GROUPS
    for group, way, size, text, number in (
            (answered, "TCP", 64, "64_lat  64 10k 1.2m 0.54s 0.02 26.75",
             26.75),
            (streamed, "sdirect", 65536, "64k_bw 64k 1k 62m 1s 0.5 32.768",
             2000),
            (answered, "ib_write_lat", 64,
             " #bytes #iterations t_min t_max t_typical t_avg t_stdev\n"
             " 64      1000        37.1  99.9  38.0      39.5  1.2 50 90\n",
             39.5),
            (streamed, "ib_write_bw, 4 queue pairs", 65536,
             " #bytes #iterations BW peak[MB/sec] BW average[MB/sec]\n"
             " 65536   1000        40.5   38.25   0.000612\n",
             38.25 * 1.048576)):
        found = wire.number_of(wire.WAYS[way], group, size, text)
        assert abs(found - number) < 1e-6, (way, found)
