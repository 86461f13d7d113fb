#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""corpus.py unpack|pack DIRECTORY: the inputs that the fuzzer has found.

They are kept in corpus.b64, one a line, since they are hundreds and may be any
bytes.  "pack" is for what sdirectd-fuzz -merge=1 has chosen.
"""
import base64
import hashlib
import sys
from pathlib import Path

KEPT = Path(__file__).with_name("corpus.b64")


def unpack(directory):
    """Returns how many there are."""
    lines = KEPT.read_text(encoding="ascii").split()
    for line in lines:
        data = base64.b64decode(line)
        name = hashlib.sha256(data).hexdigest()[:16]
        Path(directory, name).write_bytes(data)
    return len(lines)


def pack(directory):
    lines = sorted((base64.b64encode(path.read_bytes()).decode()
                    for path in Path(directory).iterdir()),
                   key=lambda line: (len(line), line))
    KEPT.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return len(lines)


if __name__ == "__main__":
    print({"unpack": unpack, "pack": pack}[sys.argv[1]](sys.argv[2]), "inputs")
