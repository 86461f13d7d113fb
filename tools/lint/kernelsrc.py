# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own checkers, from Debian's linux-source package.

They are unpacked once for each version of the package, into the cache.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "vm"))

import built  # noqa: E402
from image import Unusable, cache_dir  # noqa: E402

PARTS = ("scripts/checkpatch.pl", "scripts/spelling.txt",
         "scripts/const_structs.checkpatch", "scripts/kernel-doc",
         "scripts/coccinelle", "tools/testing/selftests/kselftest.h",
         "tools/testing/selftests/kselftest_harness.h")


class Absent(Exception):
    """What a check looks at need not be there, and is not."""


def unpack(target):
    archive = built.source_archive()
    top = archive.name.partition(".tar")[0]
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="part-", dir=target.parent))
    try:
        subprocess.run(["tar", "-xf", archive, "-C", part,
                        "--strip-components=1",
                        *[f"{top}/{name}" for name in PARTS]], check=True,
                       stdin=subprocess.DEVNULL)
        try:
            part.rename(target)
        except OSError:
            if not target.is_dir():     # else another run was faster
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def source():
    """The directory that has PARTS."""
    text = "\n".join((built.source_id(),) + PARTS)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = cache_dir().parent / "lint" / digest
    if not path.is_dir():
        unpack(path)
    return path


def scripts():
    return source() / "scripts"


def harness():
    """The directory of the kernel's test harness."""
    return source() / "tools/testing/selftests"


def debug_kdir():
    """The debug kernel, which has KUnit; SDIRECT_DEBUG_KERNEL=1 demands it."""
    path = built.kernel_path("debug")
    if path.is_dir():
        return path
    text = "the debug kernel has not been built: make debug-kernel"
    if os.environ.get("SDIRECT_DEBUG_KERNEL") == "1":
        raise Unusable(text)
    raise Absent(text)


def kdir():
    """The headers to build against: as told, or the newest installed."""
    if os.environ.get("KDIR"):
        return Path(os.environ["KDIR"])
    if os.environ.get("KVER"):
        return Path("/lib/modules", os.environ["KVER"], "build")
    found = [path.parent for path in
             Path("/lib/modules").glob("*/build/Makefile")]
    if not found:
        raise Unusable("no kernel headers in /lib/modules: "
                             "run 'tools/setup lint'")
    return max(found, key=lambda path: [int(part) if part.isdigit() else 0
                                        for part in path.parts[3]
                                        .replace("-", ".").split(".")])
