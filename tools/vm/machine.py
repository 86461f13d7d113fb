# SPDX-License-Identifier: GPL-2.0-only
"""One guest: its QEMU process and the streams that come out of it."""
import ctypes
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import time
import zlib
from pathlib import Path

from image import Archive, Unusable, cache_dir, store

QEMU = "qemu-system-x86_64"
PROBE_SECONDS = 10
PROBE_MARK = b"vm: probe reached user space"
STREAMS = ("console", "out", "err", "log", "status")

# Nothing that costs boot time; an oops ends the guest, as does a panic.
KERNEL_ARGS = (
    "console=ttyS0,115200 loglevel=5 panic=-1 oops=panic reboot=t "
    "log_buf_len=4M mitigations=off nokaslr tsc=reliable random.trust_cpu=on "
    "selinux=0 apparmor=0 rcupdate.rcu_expedited=1 nmi_watchdog=0 "
    "cryptomgr.notests i8042.noaux i8042.nokbd 8250.nr_uarts=1"
)
# Under emulation copies with "rep movsb" crawl: hide the features that make
# the kernel and the C library choose them.
ACCELERATORS = {
    "kvm": (["-accel", "kvm", "-cpu", "host"], ""),
    "tcg": (["-accel", "tcg,thread=multi", "-cpu", "max,-erms,-fsrm,-la57"],
            "no_timer_check lpj=4000000"),
    # An instruction takes a nanosecond: the guest's clock counts them.
    "count": (["-accel", "tcg,thread=single", "-icount", "shift=0",
               "-cpu", "max,-erms,-fsrm,-la57"],
              "no_timer_check lpj=4000000 tsc_early_khz=1000000"),
}


def clock_args(accelerator):
    """Tells an emulated guest how fast its time-stamp counter runs.

    It is this machine's; a guest that measures it while the machine is busy
    gets it wrong, and its clock then runs at another speed for good.
    """
    if accelerator != "tcg":
        return ""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    speed = re.search(r"^cpu MHz\s*: (\d+)\.(\d{3})", text, re.M)
    # With aperfmperf that line is how fast the processor runs just now.
    if not speed or not re.search(r"^flags.* constant_tsc\b", text, re.M) or \
            re.search(r"^flags.* aperfmperf\b", text, re.M):
        return ""
    return f"tsc_early_khz={speed[1]}{speed[2]}"


def die_with_parent():
    """In the child: no guest survives the runner, however that ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def find_qemu():
    path = shutil.which(QEMU)
    if not path:
        raise Unusable(f"{QEMU} is not installed: run 'tools/setup vm'")
    return path


class Guest:
    """Starts at once; streams is a dictionary of readable descriptors."""

    def __init__(self, kernel, accelerator, setup, cpus=2, memory="2G",
                 shares=(), wire=None):
        self.end_mark = b"\0end " + secrets.token_hex(8).encode() + b"\n"
        self.streams = {}
        self.writers = {}
        try:
            for name in STREAMS:
                self.streams[name], self.writers[name] = os.pipe()
            args = self.arguments(kernel, accelerator, cpus, memory, shares)
            initrd = self.make_initrd(kernel, setup)
            args += ["-initrd", f"/proc/self/fd/{initrd}"]
            args += ethernet(*wire) if wire else []
            self.process = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=self.writers["console"], start_new_session=True,
                pass_fds=[initrd, *self.writers.values()],
                preexec_fn=die_with_parent)
            os.close(initrd)
        except BaseException:
            self.close()
            raise
        finally:
            for fd in self.writers.values():
                os.close(fd)

    def make_initrd(self, kernel, setup):
        run = Archive()
        run.file("run.env", setup.script(self.end_mark).encode())
        fd = os.memfd_create("initrd", 0)
        with open(fd, "wb", closefd=False) as file:
            file.write(kernel.initramfs() + run.bytes())
        return fd

    def arguments(self, kernel, accelerator, cpus, memory, shares):
        options, kernel_args = ACCELERATORS[accelerator]
        args = [find_qemu(), *options, "-smp", str(cpus), "-m", memory,
                "-machine", "q35,usb=off,vmport=off,hpet=off",
                "-no-user-config", "-nodefaults", "-display", "none",
                "-no-reboot", "-kernel", str(kernel.boot_image()),
                "-append", f"{KERNEL_ARGS} {kernel_args} {kernel.args} "
                           f"{clock_args(accelerator)}",
                "-device", "virtio-serial-pci,disable-legacy=on"]
        for name, fd in self.writers.items():
            args += ["-chardev", f"file,id={name},path=/proc/self/fd/{fd}"]
            args += (["-serial", f"chardev:{name}"] if name == "console" else
                     ["-device", f"virtserialport,chardev={name},name={name}"])
        args += export("root", "/", ",readonly=on")
        for number, path in enumerate(shares):
            args += export(f"share{number}", path)
        return args

    def close(self):
        """End the guest and release all that it has; may be called twice."""
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.kill()
        if process:
            process.wait()
        for fd in self.streams.values():
            os.close(fd)
        self.streams = {}


def export(tag, path, more=""):
    # A comma in a value is doubled for QEMU.
    path = str(path).replace(",", ",,")
    return ["-fsdev", f"local,id={tag},path={path},security_model=none,"
            f"multidevs=remap{more}",
            "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag},"
            "disable-legacy=on"]


def ethernet(own, other):
    """A device on a wire of two Unix sockets; what nobody hears is lost."""
    ends = ",".join(f"{end}.type=unix,{end}.path={path.replace(',', ',,')}"
                    for end, path in (("local", own), ("remote", other)))
    address = zlib.crc32(own.encode()).to_bytes(4, "big").hex(":")
    return ["-netdev", f"dgram,id=wire,{ends}",
            "-device", f"virtio-net-pci,netdev=wire,mac=52:54:{address},"
            "disable-legacy=on,romfile="]


class Setup:
    """What one run wants from the guest, as shell text for its scripts."""

    hostname = "sdirect-vm"

    def __init__(self, command, directory="/", shares=(), env=(), dump_after=0,
                 modules=None):
        self.command = command
        self.modules = modules
        self.directory = directory
        self.shares = shares
        self.env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                            "/sbin:/bin",
                    "HOME": "/root", "TERM": "dumb", "LANG": "C.UTF-8",
                    "SDIRECT_VM": "1", **dict(env)}
        self.dump_after = dump_after

    def script(self, end_mark):
        quote = shlex.quote
        lines = [f"export {key}={quote(value)}"
                 for key, value in self.env.items()]
        lines += [f"vm_hostname={quote(self.hostname)}",
                  f"vm_directory={quote(self.directory)}",
                  f"vm_dump_after={self.dump_after}",
                  f"vm_modules={quote(str(self.modules or ''))}",
                  "vm_end_mark='\\000" + end_mark[1:-1].decode() + "\\n'",
                  "vm_mount_shares() {", ":"]
        lines += [f"share share{number} {quote(str(path))}"
                  for number, path in enumerate(self.shares)]
        lines += ["}", "vm_command() {",
                  f'"$@" {shlex.join(self.command)}', "}"]
        return "\n".join(lines) + "\n"


class Probe(Setup):
    """A run that says that it got through, and ends."""

    def __init__(self):
        super().__init__(["true"])

    def script(self, end_mark):
        return (f"echo '{PROBE_MARK.decode()}'\n/bin/busybox poweroff -f\n")


def choose_accelerator(kernel):
    """(name, why): KVM where it is known to boot this kernel, else TCG."""
    if not Path("/dev/kvm").exists():
        return "tcg", "no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "no permission for /dev/kvm"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    path = cache_dir() / f"kvm-{kernel.tag}-{boot}"
    if not path.exists():
        verdict = b"works" if kvm_boots(kernel) else b"fails"
        store(path, verdict, replaces=f"kvm-{kernel.version}-*")
    if path.read_bytes() == b"works":
        return "kvm", "a probe booted"
    return "tcg", "KVM did not boot a guest"


def kvm_boots(kernel):
    guest = Guest(kernel, "kvm", Probe(), cpus=1, memory="512M")
    seen = b""
    deadline = time.monotonic() + PROBE_SECONDS
    try:
        os.set_blocking(guest.streams["console"], False)
        while PROBE_MARK not in seen and time.monotonic() < deadline:
            try:
                data = os.read(guest.streams["console"], 65536)
            except BlockingIOError:
                time.sleep(0.05)
                continue
            if not data:
                break
            seen += data
    finally:
        guest.close()
    return PROBE_MARK in seen
