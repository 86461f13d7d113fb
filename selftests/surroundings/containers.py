# SPDX-License-Identifier: GPL-2.0-only
"""Containers as users have them, without an engine: a root, namespaces, and the
filter of system calls that engines have by default; the shim is mounted.
"""
import errno
import pathlib
import subprocess

import talk
from sockets import Failed, expect
from talk import BUILD, DIRECT, Talk

HERE = pathlib.Path(__file__).resolve().parent
CONFINE = BUILD / "selftests/surroundings/confine"
PEER = "/work/topology/peer"
HOST, GUEST = "10.1.0.1", "10.1.0.2"
AF_SDIRECT = 18
ABSENT = None           # a TCP socket, of which the module knows nothing
NO_PEER = talk.by_tcp("no_peer")
NEW = ("unshare", "--mount", "--pid", "--fork", "--uts", "--ipc",
       "--propagation", "private")


def container(*options, shim="yes"):
    """What a command is run by."""
    return (*NEW, HERE / "container", BUILD, shim, *options, "--")


DOCKER = container("--container")


class Contained(talk.Talking):
    """The same program, at its place in the container."""

    def _peer(self, net, space, what, argv, group=None):
        if str(HERE / "container") in map(str, argv):
            argv = [PEER if word is talk.PEER else word for word in argv]
        else:
            argv = [*talk.SHIM, *argv]
        return super()._peer(net, space, what, argv, group)


def bridged(net):
    """Two containers on a bridge, as engines make it."""
    net.spaces("host", "one", "two")
    net.ip("host", "link add name bridge type bridge", "link set dev bridge up")
    for name, own in (("one", HOST), ("two", GUEST)):
        net.cable(name, "host", [f"{own}/24"], [])
        net.ip("host", f"link set {name} master bridge")
    net.flush()


def judge(said, wanted):
    """Are the ends what they must be?"""
    for what in ("server", "client"):
        if wanted[what] is ABSENT:
            expect(f"carrier of the {what}", said[what].get("tx"), None)
        elif wrong := talk.wrong_end(what, said[what], wanted[what]):
            raise Failed(wrong)


def hold(net, held, client, server):
    """They move their bytes, and go the way that is said."""
    talking = Contained(net, held, "tcp", 0)
    try:
        talking.wait("connected")
        for end in talking.ends():
            end.go()
        said = dict(zip(("server", "client"), talking.wait("moved")))
        judge(said, {"server": server, "client": client})
        talking.release()
        wrong = talk.wrong_payload(*talking.finish())
        if wrong:
            raise Failed(wrong)
        for peer in talking.peers:
            expect(f"{peer.what} says nothing else", [
                line for line in peer.lines if line["event"] == "error"], [])
    finally:
        talking.stop()


def between(server_as=(), client_as=(), **more):
    return Talk("two", "one", GUEST, GUEST, server_as=server_as,
                client_as=client_as, **more)


def containers(net):
    """Two, with the filter of Docker's and the shim mounted."""
    bridged(net)
    hold(net, between(DOCKER, DOCKER), DIRECT, DIRECT)


def container_and_host(net):
    """A program of the host with one in a container."""
    bridged(net)
    hold(net, between(DOCKER), DIRECT, DIRECT)


def rootless(net):
    """Both in a user namespace of one user, as rootless engines have it."""
    bridged(net)
    net.users()
    hold(net, between(DOCKER, DOCKER, users=net.files["users"]), DIRECT, DIRECT)


def without_shim(net):
    """One container does not mount it."""
    bridged(net)
    bare = container("--container", shim="no")
    hold(net, between(DOCKER, bare), ABSENT, NO_PEER)


def forbidden(number):
    """A family that is forbidden: TCP, and no word about it."""
    options = ("--container", "--no-family", str(AF_SDIRECT), str(number))

    def row(net):
        bridged(net)
        hold(net, between(DOCKER, container(*options)), ABSENT, NO_PEER)

    return row


def family_forbidden_eperm(net):
    """By a profile for an engine."""
    forbidden(errno.EPERM)(net)


def family_forbidden_eafnosupport(net):
    """As RestrictAddressFamilies= of systemd does it."""
    forbidden(errno.EAFNOSUPPORT)(net)


def filter_is_one(_):
    """The filter refuses what Docker's refuses, and nothing that is common."""
    script = """
import ctypes, errno, socket, threading
libc = ctypes.CDLL(None, use_errno=True)
def fate(number, *args):
    return "done" if libc.syscall(number, *args) >= 0 else \
        errno.errorcode[ctypes.get_errno()]
seen = [fate(272, 0x20000), fate(435, None, 0), fate(41, 40, 1, 0),
        fate(250, 0), fate(165, 0, 0, 0, 0, 0), fate(321, 0, 0, 0),
        fate(451, 0), fate(41, 18, 1, 0), fate(39)]
threading.Thread(target=seen.append, args=("thread",)).start()
print(*seen)
"""
    done = subprocess.run([CONFINE, "--container", "/usr/bin/python3", "-c",
                           script], check=True, text=True, timeout=60,
                          stdout=subprocess.PIPE)
    expect("unshare, clone3, AF_VSOCK, keyctl, mount, bpf, unknown, "
           "AF_SDIRECT, getpid, thread", done.stdout.split(),
           ["EPERM", "ENOSYS", "EPERM", "EPERM", "EPERM", "EPERM", "EPERM",
            "done", "done", "thread"])


ROWS = (filter_is_one, containers, container_and_host, rootless, without_shim,
        family_forbidden_eperm, family_forbidden_eafnosupport)
