#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does the netlink specification say the same as the C headers?

Reads just as much YAML as the specification uses, so that nothing needs to be
installed.  Usage: spec.py SPECIFICATION HEADER...
"""
import pathlib
import re
import sys

LISTS = {"sdirect.yaml": 17, "sdirect_rdma.yaml": 4}


def spec_names(text):
    """Lists of names in the specification: {C prefix: [names]}."""
    lists = {}
    section = prefix = None
    for line in text.splitlines():
        if re.match(r"[a-z]", line):
            section, prefix = line.split(":")[0], None
        if section == "definitions":
            # Entries are indented deeper than the definition itself.
            if m := re.match(r"    name: (\S+)", line):
                prefix = {"conn-flags": "conn-f-",
                          "policy-flags": "policy-f-"}.get(
                    m[1], m[1] + "-")
                prefix = "sdirect-" + prefix
        elif m := re.match(r"\s+name-prefix: (\S+)", line):
            prefix = m[1]
        depth = 6 if section == "operations" else 8
        if (m := re.match(r"( +)name: (\S+)", line)) and len(m[1]) == depth:
            lists.setdefault(prefix, []).append(m[2])
    return lists


def header_names(text, prefix):
    """Names with this prefix in the enums of the header, by value."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    c_prefix = prefix.upper().replace("-", "_")
    names = re.findall(r"^\t" + c_prefix + r"(\w+)", text, flags=re.M)
    return [n.lower().replace("_", "-") for n in names
            if n not in ("MAX", "MASK")]


def main():
    spec, *headers = [open(name, encoding="utf-8").read()
                      for name in sys.argv[1:]]
    headers = "\n".join(headers)
    lists = spec_names(spec)
    expected = LISTS[pathlib.Path(sys.argv[1]).name]
    bad = len(lists) != expected
    if bad:
        print(f"spec.py: expected {expected} lists, found {sorted(lists)}")
    for prefix, names in lists.items():
        found = header_names(headers, prefix)
        if found != names:
            bad = True
            print(f"spec.py: {prefix}: the specification has {names}, "
                  f"the headers have {found}")
    if not bad:
        print(f"spec.py: {sum(map(len, lists.values()))} names agree")
    return bad


if __name__ == "__main__":
    sys.exit(main())
