# SPDX-License-Identifier: GPL-2.0-only
"""Connections between hosts by RDMA: both are one guest, with a wire of its own."""
import shutil
import signal
import socket
import sys
import time

import pytest

import conftest
import plan
from guestrun import SLOWER, Guest, running

RDMA = plan.TOP / "selftests" / "rdma"
sys.path.insert(0, str(RDMA))

import hosts  # noqa: E402
import losses  # noqa: E402
import rdma_cases  # noqa: E402
import two_hosts  # noqa: E402

CASES = [("rdma", name) for name in ("load", *rdma_cases.NAMES, "unload")]
TWO = [("two", name) for name in (*two_hosts.NAMES, "unload")]
LIMIT = 600             # seconds
# A user may have a sixteenth of it in rings.
MEMORY = f"{max(2048, rdma_cases.CONNS * 5 // 4)}M"


@pytest.fixture(scope="session")
def run(request, build):
    conftest.make_module()
    conftest.make("tools")
    yield from running(build, "rdma", ["--memory", MEMORY, RDMA / "rdma.py"],
                       conftest.teller(request.config),
                       (LIMIT + 20 * losses.ROUNDS) * SLOWER)


@pytest.mark.guest
@pytest.mark.parametrize("section, case", CASES)
def test_between_hosts(run, section, case):
    run.must_pass(section, case)


@pytest.mark.guest
def test_rdma_log(run):
    """Nothing in the kernel's log, no case but those that are listed."""
    run.must_end(CASES)


class TwoHosts:
    """Two guests on one wire; the server's is killed, and started once more."""

    def __init__(self, build, tell, place):
        self.build = build
        self.tell = tell
        self.wire = [str(place / name) for name in ("server", "client")]
        self.meet = build / "selftests" / "two-hosts"
        shutil.rmtree(self.meet, ignore_errors=True)
        self.meet.mkdir(parents=True)
        self.server = self.start("server", "1")
        self.client = self.start("client")

    def start(self, role, *more):
        ends = self.wire if role == "server" else self.wire[::-1]
        return Guest(self.build, f"two-{role}", [
            "--cpus", "1", "--memory", "1G", "--wire", ":".join(ends),
            "--share", self.meet, "--env", f"SDIRECT_MEET={self.meet}",
            RDMA / "two_hosts.py", role, *more], self.tell, LIMIT * SLOWER)

    def told(self, name):
        """What the client says, while it can."""
        end = time.monotonic() + LIMIT * SLOWER
        while not (self.meet / name).exists():
            assert self.client.process.poll() is None and \
                time.monotonic() < end, f"the client has not told {name}"
            time.sleep(0.1)

    def kill_server(self):
        """Its guest dies with its runner, with no word to anybody."""
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        self.server.stop()

    def stop(self):
        self.client.stop()
        self.server.stop()


@pytest.fixture(scope="session")
def two(request, build, tmp_path_factory):
    conftest.make_module()
    conftest.make("tools")
    both = TwoHosts(build, conftest.teller(request.config),
                    tmp_path_factory.mktemp("wire"))
    yield both
    both.stop()


@pytest.mark.guest
def test_streams_between_two_kernels(two):
    two.client.must_pass("two", "streams_between_two_kernels")


@pytest.mark.guest
def test_a_host_that_is_killed(two):
    """It is noticed, by the same error as on TCP; and when it comes back, met."""
    two.told("streaming")
    two.kill_server()
    two.client.must_pass("two", "dead_host_is_noticed_as_by_tcp")
    two.server = two.start("server", "2")
    two.client.must_pass("two", "host_that_comes_back_is_met_again")


@pytest.mark.guest
def test_two_hosts_log(two):
    two.client.must_pass("two", "unload")
    two.client.must_end(TWO)
    two.server.stop()


def test_a_wrong_byte_is_noticed():
    """Of the hashes that the cases compare."""
    class Liar(socket.socket):
        def sendall(self, data):
            super().sendall(b"?" + data[1:])

    one, other = socket.socketpair()
    with Liar(fileno=one.detach()) as one, other:
        with pytest.raises(hosts.Wrong, match="other bytes"):
            hosts.stream(one, other, 1000)


def test_a_missing_byte_is_noticed():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"abc")
        one.shutdown(socket.SHUT_WR)
        with pytest.raises(hosts.Wrong, match="the end after 3 of 4"):
            hosts.receive(other, 4)
