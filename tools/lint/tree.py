# SPDX-License-Identifier: GPL-2.0-only
"""The files of a source tree, by kind, without what builds leave in it."""
import os
import re
from functools import cached_property
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent

SKIP_DIRS = {".git", "build", "__pycache__", ".pytest_cache", ".tmp_versions"}
SKIP_FILES = re.compile(r"\.(o|ko|mod|mod\.c|cmd|order|pyc|symvers)$")
USER_DIRS = ("tools", "selftests")
KERNEL_DIRS = ("kmod", "uapi")


class Tree:
    """All paths are relative to root; build says where objects may go."""

    def __init__(self, root=TOP, build=None):
        self.root = Path(root)
        self.build = Path(build or os.environ.get("BUILD") or
                          self.root / "build")

    @cached_property
    def files(self):
        found = []
        for where, dirs, names in os.walk(self.root):
            dirs[:] = sorted(set(dirs) - SKIP_DIRS)
            found += [Path(where, name).relative_to(self.root)
                      for name in names if not SKIP_FILES.search(name)]
        return sorted(path for path in found
                      if (self.root / path).is_file() and
                      not (self.root / path).is_symlink())

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8",
                                            errors="replace")

    def lines(self, path):
        return self.text(path).splitlines()

    def below(self, dirs, *suffixes):
        return [path for path in self.files
                if path.parts[0] in dirs and path.suffix in suffixes]

    @cached_property
    def kernel_c(self):
        return self.below(KERNEL_DIRS, ".c", ".h")

    @cached_property
    def kernel_tests(self):
        return [path for path in self.kernel_c if path.stem.endswith("_test")]

    @cached_property
    def kernel_headers(self):
        return self.below(KERNEL_DIRS, ".h")

    @cached_property
    def headers(self):
        return self.below(KERNEL_DIRS + USER_DIRS, ".h")

    @cached_property
    def user_c(self):
        return self.below(USER_DIRS, ".c", ".h")

    @cached_property
    def user_units(self):
        return self.below(USER_DIRS, ".c")

    @cached_property
    def pages(self):
        return [path for path in self.files
                if re.search(r"(^|/)man/[^/]+\.[1-9]$", str(path))]

    def written_in(self, suffix, interpreter):
        """By the end of the name, or by what the first lines say."""
        return [path for path in self.files if path.suffix == suffix or
                not path.suffix and re.search(interpreter, self.head(path), re.M)]

    def head(self, path):
        with open(self.root / path, "rb") as file:
            return file.read(200).decode(errors="replace")

    @cached_property
    def python(self):
        return self.written_in(".py", r"\A#!.*python")

    @cached_property
    def shell(self):
        return self.written_in(".sh", r"\A#!.*[/ ](ba|da)?sh\b"
                               r"|^# shellcheck shell=")

    @cached_property
    def prose(self):
        """What people read; the licences are not ours to spell."""
        return [path for path in self.files if path.name != "COPYING"]

    @cached_property
    def include_flags(self):
        """For user space: every directory that has headers."""
        dirs = {path.parent for path in self.headers
                if path.parts[0] in USER_DIRS}
        return ["-Iuapi"] + [f"-I{path}" for path in sorted(dirs)]
