# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, and what is built in and between them."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess

PREFIX = "sdt-"         # of the names of all namespaces that are made here
NETNS = pathlib.Path("/run/netns")
GROUPS = pathlib.Path("/sys/fs/cgroup")
CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
LIMIT = 60              # seconds for one command
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
NEEDS = ("ip", "nft", "ethtool", "unshare")

libc = ctypes.CDLL(None, use_errno=True)


def find(program):
    """Its path, also where only the administrator looks; or None."""
    return shutil.which(program) or shutil.which(program, path=SBIN)


def command(argv, text=None, where=None):
    """The output of a command that must succeed, also in another network."""
    done = subprocess.run(
        [find(argv[0]) or argv[0], *argv[1:]], input=text, text=True,
        capture_output=True, timeout=LIMIT, check=False,
        preexec_fn=None if where is None else lambda: enter(where))
    if done.returncode:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}\n{text or ''}")
    return done.stdout


def enter(file, kind=CLONE_NEWNET):
    """This thread goes to the network namespace of an open file."""
    if libc.setns(file, kind):
        raise OSError(ctypes.get_errno(), "setns")


def remove_all():
    """What an earlier row may have left."""
    names = [path.name for path in NETNS.glob(PREFIX + "*")]
    if names:
        command(["ip", "-batch", "-"],
                "".join(f"netns del {name}\n" for name in names))


class Net:
    """The namespaces of one row, by short names.

    What ip(8) is to do is collected, because starting it takes longer.
    """

    def __init__(self):
        self.files = {}
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.groups = []
        self.cables = []
        self.lines = {}

    def close(self):
        """Takes all of it away again."""
        for file in (*self.files.values(), self.own):
            os.close(file)
        self.files.clear()
        remove_all()
        for group in self.groups:
            group.rmdir()

    def spaces(self, *names):
        """Makes namespaces; each has its loopback."""
        command(["ip", "-batch", "-"],
                "".join(f"netns add {PREFIX}{name}\n" for name in names))
        for name in names:
            self.files[name] = os.open(NETNS / (PREFIX + name), os.O_RDONLY)
            self.ip(name, "link set dev lo up")
            # An address is usable at once, and a reply may come another way.
            self.sysctl(name, "ipv6/conf/default/accept_dad", 0)
            self.sysctl(name, "ipv4/conf/all/rp_filter", 0)

    def ip(self, name, *lines):
        """Lines as `ip` takes them; @x is the namespace x."""
        self.lines.setdefault(name, []).extend(lines)

    def cable(self, one, other, one_has, other_has):
        """A veth between two, each named after the other end.

        What they have are addresses with prefix lengths, or none.
        """
        self.cables.append(f"link add name {other} netns @{one} type veth "
                           f"peer name {one} netns @{other}")
        self.device(one, other, *one_has)
        self.device(other, one, *other_has)

    def flush(self):
        """Does what was collected: cables, then one namespace after another."""
        for where, lines in ((None, self.cables), *[
                (self.files[name], lines)
                for name, lines in self.lines.items()]):
            if lines:
                command(["ip", "-batch", "-"], "".join(
                    line.replace("@", PREFIX) + "\n" for line in lines),
                        where)
        self.cables, self.lines = [], {}

    def device(self, name, device, *addresses):
        """Gives a device addresses and takes it up."""
        self.ip(name, f"link set dev {device} up",
                *[f"addr add {address} dev {device}"
                  for address in addresses])

    def router(self, name):
        """Passes on what is not for itself; nobody is told a shorter way."""
        for kind in ("all", "default"):
            self.sysctl(name, f"ipv4/conf/{kind}/send_redirects", 0)
        self.sysctl(name, "ipv4/ip_forward", 1)
        self.sysctl(name, "ipv6/conf/all/forwarding", 1)

    def nft(self, name, text):
        """Loads rules; nft wants what is before a brace's end to be ended."""
        command(["nft", "-f", "-"], text.replace("}", "\n}\n"),
                self.files[name])

    def exec(self, name, *argv):
        """The output of a command there."""
        self.flush()
        return command(argv, None, self.files[name])

    @contextlib.contextmanager
    def inside(self, name):
        """This process is in the namespace for a while."""
        enter(self.files[name])
        try:
            yield
        finally:
            enter(self.own)

    def sysctl(self, name, key, value):
        with self.inside(name):
            pathlib.Path("/proc/sys/net", key).write_text(f"{value}\n",
                                                          encoding="ascii")

    def counter(self, name, key):
        """A counter of TCP's, as nstat(8) names them."""
        with self.inside(name):
            lines = [line.split() for line in pathlib.Path(
                "/proc/self/net/netstat").read_text("ascii").splitlines()]
        for keys, values in zip(lines[::2], lines[1::2]):
            if key in keys:
                return int(values[keys.index(key)])
        raise LookupError(key)

    def group(self, name):
        """A memory cgroup."""
        (GROUPS / "cgroup.subtree_control").write_text("+memory",
                                                       encoding="ascii")
        path = GROUPS / (PREFIX + name)
        path.mkdir(exist_ok=True)
        if path not in self.groups:
            self.groups.append(path)
        return path

    def users(self):
        """A new user namespace, as an open file."""
        with subprocess.Popen(
                ["unshare", "--user", "--map-root-user", "sh", "-c",
                 "echo ready; read -r _"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            file = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
            holder.communicate(timeout=LIMIT)
        self.files["users"] = file
        return file
