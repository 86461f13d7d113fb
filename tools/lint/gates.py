# SPDX-License-Identifier: GPL-2.0-only
"""Rules of this project that no other program knows.

Each takes a tree and returns the findings.
"""
import ast
import os
import re
from pathlib import PurePosixPath

from findings import Finding

FILE_LINES = 600
FUNCTION_LINES = 60

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)
# Files of kmod/, and the headers that they must not reach, even through
# others.  A carrier moves bytes and knows nothing of how a pair came about;
# the policy judges two ends and knows no socket; a ring, a pair and a key are
# used by sockets, not the other way round.
FORBIDDEN = (
    (r"carrier(_\w+)?\.[ch]", {"policy.h", "rendezvous.h", "af_sdirect.h"}),
    (r"policy\.[ch]", {"sock.h", "carrier.h", "region.h", "rendezvous.h"}),
    (r"(ring|pair|key|stats)\.h", {"sock.h", "carrier.h", "rendezvous.h"}),
    (r"compat\.h", {"sock.h", "pair.h", "carrier.h"}),
)
# What the headers for user space may include: they stand alone.
UAPI_MAY = re.compile(r"linux/(types|ioctl|sdirect\w*)\.h")

VERSION_CODE = re.compile(
    r"\b(LINUX_VERSION_CODE|KERNEL_VERSION|UTS_RELEASE|RHEL_\w+)\b"
    r"|<(linux/version|generated/utsrelease)\.h>")
VERSION_FILE = "kmod/compat.h"

BARRIER = re.compile(
    r"\b((smp|dma|virt)_([rw]?mb(__\w+)?|load_acquire|store_release|store_mb"
    r"|cond_load_acquire|acquire__after_ctrl_dep)|(?<!_)[rw]?mb"
    r"|SDIRECT_(FENCE|LOAD_ACQUIRE|STORE_RELEASE))\s*\(")
# In the diagram at the head of a file, and on the line that keeps it.
PROMISE = re.compile(r"^ \*\t.*?\(([A-Z])\)", re.M)
PROMISES = re.compile(r"\(([A-Z])\)")
KEPT = re.compile(r"^[^/]*\(.*/\*\s*([A-Z](?: or [A-Z])*)(?:,| \*/)")
# A file that joins them needs an argument why its order of stores and loads
# is right, which is best had in few places.
BARRIER_FILES = {
    "kmod/af_sdirect.c": "reads the region without the socket's lock",
    "kmod/carrier_local.c": "publishes positions to user space",
    "kmod/carrier_tcp.c": "asks TCP for a wake-up",
    "kmod/demote.c": "meets the join of a pair, and a socket's end",
    "kmod/far.c": "seals a range and publishes for an end elsewhere",
    "kmod/judge.c": "meets new rules",
    "kmod/lease.c": "publishes the region, hands positions over",
    "kmod/look.c": "follows the chain of ranges under RCU",
    "kmod/pair.c": "publishes the pages of a pair",
    "kmod/pair.h": "reads them",
    "kmod/rdma/main.c": "asks where it may have been turned on",
    "kmod/rdma/net.c": "publishes the works of a namespace",
    "kmod/recv.c": "follows the chain, sleeps",
    "kmod/rendezvous.c": "publishes the pair",
    "kmod/send.c": "sleeps",
    "kmod/sock.h": "reads the pair",
    "kmod/stream.c": "seals a range and appends the next",
    "kmod/upkeep.c": "publishes the timers",
    "uapi/linux/sdirect_ring.h": "the ring algorithm",
}

VERSION = re.compile(r'^#define SDIRECT_VERSION\s+"([^"]+)"', re.M)
VERSION_HOME = "uapi/linux/sdirect.h"
# DKMS reads its file before there is anything to include.
VERSION_COPY = {"dkms.conf": 'PACKAGE_VERSION="{}"'}

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def code_of(text):
    """C without its comments, line for line."""
    return COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)


def includes_of(tree, path):
    """Pairs of the line and the file as it is named there."""
    text = code_of(tree.text(path))
    return [(line_of(text, match.start(match.lastindex)), match[1] or match[2])
            for match in INCLUDE.finditer(text)]


# Includes

def kmod_graph(tree):
    """Each file of kmod/ with the headers of kmod/ that it includes."""
    names = {path.name: path for path in tree.below(("kmod",), ".c", ".h")}
    return {name: [(line, to) for line, to in includes_of(tree, path)
                   if to in names] for name, path in names.items()}


def reached(graph, start):
    """What a file includes, and those in turn: name to the way there."""
    ways = {}
    queue = [(to, (start, to)) for _, to in graph[start]]
    while queue:
        name, way = queue.pop(0)
        if name not in ways:
            ways[name] = way
            queue += [(to, way + (to,)) for _, to in graph[name]]
    return ways


def include_order(tree):
    """No circles, nothing that FORBIDDEN names, uapi/ alone."""
    found = []
    graph = kmod_graph(tree)
    for name in sorted(graph):
        ways = reached(graph, name)
        bad = {name} | {to for pattern, headers in FORBIDDEN
                        if re.fullmatch(pattern, name) for to in headers}
        for to in sorted(bad & set(ways)):
            line = next(line for line, first in graph[name]
                        if first == ways[to][1])
            found.append(Finding(f"kmod/{name}", line, "must not include " +
                                 f"{to}: {' -> '.join(ways[to])}"))
    for path in tree.below(("uapi",), ".h"):
        found += [Finding(str(path), line, f"uapi/ must not include {to}")
                  for line, to in includes_of(tree, path)
                  if not UAPI_MAY.fullmatch(to) and
                  not in_kernel_part(tree, path, line)]
    return found


def in_kernel_part(tree, path, line):
    """Between #ifdef __KERNEL__ and its #else or #endif."""
    before = [text.strip() for text in tree.lines(path)[:line]
              if re.match(r"\s*#\s*(if|else|endif)", text)]
    stack = []
    for text in before:
        if text.startswith("#if"):
            stack.append(text == "#ifdef __KERNEL__")
        elif text.startswith("#else"):
            stack[-1] = False
        else:
            stack.pop()
    return any(stack)


def no_kmod_in_tools(tree):
    """User space sees the module through uapi/ only."""
    found = []
    for path in tree.user_c:
        for line, to in includes_of(tree, path):
            whole = os.path.normpath(PurePosixPath(path.parent, to))
            if "kmod" in (to.split("/")[0], whole.split("/")[0]):
                found.append(Finding(str(path), line, f"includes {to}"))
    for path in tree.files:
        if path.name == "Makefile" and len(path.parts) > 1:
            found += [Finding(str(path), number, "looks for headers in kmod/")
                      for number, line in enumerate(tree.lines(path), 1)
                      if re.search(r"-I\S*\bkmod\b", line)]
    return found


# Sizes

def c_functions(lines):
    """In kernel style: a brace alone, up to a brace, both in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            yield start, number - start + 1
            start = None


def shell_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"\w+ ?\(\)", line):
            start = number
        elif line == "}" and start:
            yield start, number - start + 1
            start = None


def python_functions(lines):
    try:
        nodes = ast.walk(ast.parse("\n".join(lines)))
    except SyntaxError:
        return      # for another check
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def lengths(tree):
    found = []
    for paths, functions in ((tree.kernel_c + tree.user_c, c_functions),
                             (tree.python, python_functions),
                             (tree.shell, shell_functions)):
        for path in paths:
            lines = tree.lines(path)
            if len(lines) > FILE_LINES:
                found.append(Finding(str(path), len(lines), "the file has "
                                     f"more than {FILE_LINES} lines"))
            found += [Finding(str(path), start, f"the function has {length} "
                              f"lines, more than {FUNCTION_LINES}")
                      for start, length in functions(lines)
                      if length > FUNCTION_LINES]
    return found


# What has one place

def version_code(tree):
    """What kernel this is, is asked in one file."""
    return [Finding(str(path), number, "asks for the version of the kernel: "
                    f"belongs in {VERSION_FILE}")
            for path in tree.kernel_c if str(path) != VERSION_FILE
            for number, line in enumerate(code_of(tree.text(path))
                                          .split("\n"), 1)
            if VERSION_CODE.search(line)]


def has_comment(raw, code, index):
    """On the line, on its statement, or right above that."""
    while True:
        if "/*" in raw[index] or "*/" in raw[index]:
            return True
        index -= 1
        if index < 0 or code[index].rstrip().endswith((";", "{", "}", ":")):
            return index >= 0 and raw[index].rstrip().endswith("*/") and \
                not code[index].strip()
        if not raw[index].strip():
            return False


def barriers(tree):
    """In the files of BARRIER_FILES alone, each with a comment."""
    found = []
    for path in tree.kernel_c:
        text = tree.text(path)
        raw, code = text.split("\n"), code_of(text).split("\n")
        for index, line in enumerate(code):
            if not BARRIER.search(line) or line.lstrip().startswith("#"):
                continue
            if str(path) not in BARRIER_FILES:
                found.append(Finding(str(path), index + 1, "a barrier in a "
                                     "file that tools/lint/gates.py does not "
                                     "list"))
            if not has_comment(raw, code, index):
                found.append(Finding(str(path), index + 1, "a barrier "
                                     "without a comment that says what it "
                                     "pairs with"))
    return found


def promised(text):
    """(line, letter) of each barrier in the diagrams of a file."""
    return [(line_of(text, row.start()), letter)
            for row in PROMISE.finditer(text)
            for letter in PROMISES.findall(row[0] + text[row.end():].split(
                "\n", 1)[0])]


def kept(text, pattern):
    """The letters on lines of code on which the pattern is found."""
    return {letter for line in text.split("\n")
            if pattern.search(line.split("/*")[0])
            for match in KEPT.finditer(line)
            for letter in match[1].split(" or ")}


def barrier_pairs(tree):
    """What a diagram promises is in the code, by the same letter.

    In the same file; a barrier that a header promises may be in any.
    """
    found = []
    anywhere = set().union(*(kept(tree.text(path), BARRIER)
                             for path in tree.kernel_c))
    for path in tree.kernel_c:
        text = tree.text(path)
        there = kept(text, re.compile(r"\("))
        if str(path).endswith(".h"):
            there |= anywhere
        found += [Finding(str(path), line, f"promises a barrier {letter}, "
                          "which no line of code says that it is")
                  for line, letter in promised(text) if letter not in there]
    return found


def one_version(tree):
    """Written down once; who needs it, includes or reads it from there."""
    match = VERSION.search(tree.text(VERSION_HOME))
    if not match:
        return [Finding(VERSION_HOME, 1, "has no SDIRECT_VERSION")]
    version = match[1]
    found = [Finding(name, 1, f"has not {line.format(version)}")
             for name, line in VERSION_COPY.items()
             if line.format(version) not in tree.lines(name)]
    word = re.compile(rf"(?<![\w.]){re.escape(version)}(?![\w.])")
    for path in tree.files:
        if str(path) in (VERSION_HOME, *VERSION_COPY):
            continue
        found += [Finding(str(path), number, f"repeats the version {version}")
                  for number, line in enumerate(tree.lines(path), 1)
                  if word.search(line)]
    return found


def runnable(tree):
    """What names its interpreter is run, so it must be allowed to be."""
    return [Finding(str(path), 1, "names an interpreter and cannot be run")
            for path in tree.files if tree.head(path).startswith("#!") and
            not os.access(tree.root / path, os.X_OK)]
