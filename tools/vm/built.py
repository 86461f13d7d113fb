# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are built for tests: which there are, and where they lie.

tools/debug-kernel makes them.  A directory in the cache holds one: what boots,
its modules, and what is needed to build a module for it.
"""
import hashlib
import os
import subprocess
from pathlib import Path

from image import Kernel, Unusable, cache_dir, has_pvh_entry

TOP = Path(__file__).resolve().parent.parent.parent
FRAGMENTS = TOP / "selftests" / "kernel"
# The fragments of each kernel; a later one wins.
FLAVOURS = {
    "debug": ("guest.config", "debug.config"),
    "kcsan": ("guest.config", "kcsan.config"),
}
# Raised when tools/debug-kernel makes something else of the same input.
FORM = 2
COMPILER = "gcc"
BOOT_IMAGE = "vmlinux.boot"

# Checks cost time, and so does emulation: what would be a stall elsewhere is
# only slow here.
KERNEL_ARGS = (
    "rcupdate.rcu_cpu_stall_timeout=100 watchdog_thresh=40 "
    "workqueue.watchdog_thresh=100 hung_task_panic=0 "
)
FLAVOUR_ARGS = {
    # All reports, not only the first; freed pages are filled and checked.
    "debug": "kasan_multi_shot page_poison=1 slab_nomerge",
    # Watch more of the few accesses that an emulated processor makes, and
    # longer, or the other one hardly gets to race.
    "kcsan": "kcsan.skip_watch=150 kcsan.udelay_task=150",
}


def source_archive():
    """The newest archive of Debian's package, the tested version first."""
    def order(path):
        return path.name.startswith("linux-source-6.1."), path.name

    found = sorted(Path("/usr/src").glob("linux-source-*.tar.*"), key=order)
    if not found:
        raise Unusable("no kernel source archive in /usr/src: "
                       "run 'tools/setup debug'")
    return found[-1]


def source_id():
    """Names the source: the package keeps the time of the archive."""
    path = source_archive()
    stat = path.stat()
    return f"{path.name} {stat.st_size} {int(stat.st_mtime)}"


def fragment(flavour):
    """The text of all fragments, which is a file for KCONFIG_ALLCONFIG."""
    return "".join((FRAGMENTS / name).read_text()
                   for name in FLAVOURS[flavour])


def compiler_id():
    try:
        return subprocess.run([COMPILER, "--version"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout.splitlines()[0]
    except OSError:
        raise Unusable(f"{COMPILER} is missing: run 'tools/setup debug'"
                       ) from None


def kernels_dir():
    path = cache_dir().parent / "kernels"
    path.mkdir(exist_ok=True)
    return path


def kernel_path(flavour):
    """Where the kernel of this source and configuration is, or will be."""
    text = "\n".join((str(FORM), source_id(), compiler_id(),
                      fragment(flavour)))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return kernels_dir() / f"{flavour}-{digest}"


class BuiltKernel(Kernel):
    """A kernel that tools/debug-kernel has built."""

    boot_margin = 40

    def __init__(self, flavour):
        path = kernel_path(flavour)
        if not path.is_dir():
            option = "" if flavour == "debug" else f" --{flavour}"
            raise Unusable(f"the {flavour} kernel is not built, or its "
                           f"configuration has changed since: run "
                           f"'tools/debug-kernel{option}'")
        self.modules = next((path / "lib" / "modules").iterdir())
        self.mount_modules = self.modules
        self.version = self.modules.name
        self.image = path / BOOT_IMAGE
        self.tag = path.name
        self.args = f"{KERNEL_ARGS} {FLAVOUR_ARGS[flavour]}"

    def boot_image(self):
        if not has_pvh_entry(self.image.read_bytes()):
            raise Unusable(f"{self.image} does not boot: no CONFIG_PVH")
        return self.image


def find_kernel(name):
    """An installed kernel by version, or a built one by flavour."""
    return BuiltKernel(name) if name in FLAVOURS else Kernel(name)


def lock_file(flavour):
    return os.open(kernels_dir() / f"lock-{flavour}",
                   os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
