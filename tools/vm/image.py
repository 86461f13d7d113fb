# SPDX-License-Identifier: GPL-2.0-only
"""What a guest boots from: a stock kernel and a small initramfs, both cached.

The kernel is unpacked from its bzImage once, because unpacking it under
emulation costs seconds in every boot.  The initramfs holds a static busybox,
the few modules that reach the root file system, and the two guest scripts; it
is followed by a second archive that is made for each run.
"""
import gzip
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
GUEST_SCRIPTS = ("guest-init", "guest-main")
# How the payload of a bzImage begins, and how to unpack it from memory.
# Behind it stands a size word, at which the simpler functions take offence.
PAYLOADS = {
    b"\xfd7zXZ": lambda data: lzma.LZMADecompressor().decompress(data),
    # wbits 31: with the header of gzip
    b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data),
    b"\x28\xb5\x2f\xfd": lambda data: _filter(["zstd", "-dcq"], data),
    b"\x02\x21\x4c\x18": lambda data: _filter(["lz4", "-dcq"], data),
}


class Unusable(Exception):
    """This machine cannot run a guest; the text says what to do about it."""


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(base) / "sdirect" / "vm"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Unusable(f"cannot write {path}: {err.strerror}: "
                       "set XDG_CACHE_HOME to a directory that can be written"
                       ) from None
    return path


def store(path, data, replaces):
    """Write a cache file so that parallel runs see all of it or nothing.

    Files that match the pattern in replaces are older forms of it.
    """
    for old in path.parent.glob(replaces):
        old.unlink(missing_ok=True)
    part = path.with_name(f"part-{os.getpid()}-{path.name}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _filter(command, data):
    if not shutil.which(command[0]):
        raise Unusable(f"{command[0]} is needed to unpack this kernel: "
                       f"install the package {command[0]}")
    # lz4 and zstd complain about the size word behind the payload.
    return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout


class Kernel:
    """An installed kernel: its image, its modules and what is cached of it."""

    args = ""           # what its command line needs beside the usual
    mount_modules = None        # where its modules are, if not installed
    boot_margin = 0     # seconds that it may take longer to boot

    def __init__(self, version=None):
        self.version = version or self.newest()
        self.modules = Path("/lib/modules") / self.version
        self.image = self.find_image(self.version)
        if not self.image:
            raise Unusable(f"kernel {self.version} is not installed: "
                           f"install linux-image-{self.version}")
        if not (self.modules / "modules.dep").exists():
            raise Unusable(f"{self.modules}/modules.dep is missing: "
                           f"run 'depmod {self.version}' as root")
        if not os.access(self.image, os.R_OK):
            raise Unusable(f"cannot read {self.image}: run as root, or "
                           f"'chmod a+r {self.image}'")
        stat = self.image.stat()
        self.tag = f"{self.version}-{stat.st_size:x}-{int(stat.st_mtime):x}"

    @staticmethod
    def find_image(version):
        for path in (Path("/boot") / f"vmlinuz-{version}",
                     Path("/lib/modules") / version / "vmlinuz"):
            if path.exists():
                return path
        return None

    @classmethod
    def newest(cls):
        def order(version):
            return [(0, int(part), "") if part.isdigit() else (1, 0, part)
                    for part in re.findall(r"\d+|[a-z]+", version)]

        found = [path.parent.name
                 for path in Path("/lib/modules").glob("*/modules.dep")
                 if cls.find_image(path.parent.name)]
        if not found:
            raise Unusable("no kernel for the guest is installed: "
                           "run 'tools/setup vm'")
        return max(found, key=order)

    def boot_image(self):
        """The file for qemu -kernel: unpacked where that is possible."""
        path = cache_dir() / f"vmlinux-{self.tag}"
        if not path.exists():
            elf = self.unpack()
            if not elf:
                return self.image
            store(path, elf, replaces=f"vmlinux-{self.version}-*")
        return path

    def unpack(self):
        data = self.image.read_bytes()
        # Fields of the x86 boot protocol: setup_sects, payload_offset/_length.
        sectors = data[0x1f1] or 4
        offset, length = struct.unpack_from("<II", data, 0x248)
        payload = data[(sectors + 1) * 512 + offset:][:length]
        for magic, unpack in PAYLOADS.items():
            if payload.startswith(magic):
                elf = unpack(payload)
                # Only a kernel with a PVH entry boots without its setup code.
                if elf[:4] == b"\x7fELF" and has_pvh_entry(elf):
                    return elf
        return None

    def module_files(self, names):
        """The files of the named modules, each behind what it depends on."""
        depends = {}
        for line in (self.modules / "modules.dep").read_text().splitlines():
            path, _, rest = line.partition(":")
            name = Path(path).name.split(".")[0].replace("-", "_")
            depends[name] = list(reversed(rest.split())) + [path]
        wanted = {}
        for name in names:
            # What is not listed is built in.
            for path in depends.get(name, []):
                wanted[path] = self.modules / path
        return list(wanted.values())

    def initramfs(self):
        """The archive that all runs on this kernel share."""
        busybox = find_busybox()
        inputs = [busybox, HERE / "image.py",
                  *(HERE / name for name in GUEST_SCRIPTS)]
        digest = hashlib.sha256(self.tag.encode())
        for path in inputs:
            digest.update(path.read_bytes())
        path = cache_dir() / f"initramfs-{self.tag}-{digest.hexdigest()[:12]}"
        if not path.exists():
            store(path, self.build_initramfs(busybox),
                  replaces=f"initramfs-{self.version}-*")
        return path.read_bytes()

    def build_initramfs(self, busybox):
        archive = Archive()
        for name in ("bin", "modules", "proc", "sys", "dev", "lower", "upper",
                     "root"):
            archive.directory(name)
        archive.file("bin/busybox", busybox.read_bytes(), 0o755)
        archive.link("bin/sh", "busybox")
        order = []
        for path in self.module_files(BOOT_MODULES):
            name = path.name.split(".")[0] + ".ko"
            archive.file(f"modules/{name}", read_module(path))
            order.append(name)
        archive.file("modules/order", "".join(f"{n}\n" for n in order).encode())
        archive.file("init", (HERE / "guest-init").read_bytes(), 0o755)
        archive.file("guest-main", (HERE / "guest-main").read_bytes(), 0o755)
        return archive.bytes()


def has_pvh_entry(elf):
    """Whether an ELF note of the owner Xen names the 32-bit entry (type 18)."""
    return struct.pack("<III", 4, 8, 18) + b"Xen\0" in elf or \
        struct.pack("<III", 4, 4, 18) + b"Xen\0" in elf


def read_module(path):
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return _filter(["zstd", "-dcq"], data)
    return data


def find_busybox():
    path = shutil.which("busybox", path="/bin:/usr/bin")
    if not path:
        raise Unusable("busybox is not installed: run 'tools/setup vm'")
    if b"/ld-linux" in Path(path).read_bytes():
        raise Unusable(f"{path} is not static: run 'tools/setup vm'")
    return Path(path)


class Archive:
    """A cpio archive of the kind that the kernel unpacks ("newc")."""

    def __init__(self):
        self.parts = []

    def add(self, name, mode, data=b""):
        name = name.encode() + b"\0"
        fields = (len(self.parts), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self.parts.append(pad(head) + pad(data))

    def directory(self, name):
        self.add(name, 0o040755)

    def file(self, name, data, mode=0o644):
        self.add(name, 0o100000 | mode, data)

    def link(self, name, target):
        self.add(name, 0o120777, target.encode())

    def bytes(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def pad(data):
    return data + b"\0" * (-len(data) % 4)
