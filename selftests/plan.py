# SPDX-License-Identifier: GPL-2.0-only
"""What there is to run: the socket tests, read from their sources."""
import pathlib
import re
from typing import NamedTuple

TOP = pathlib.Path(__file__).resolve().parent.parent
NET = TOP / "selftests" / "net"

# The macros of net/fixture.h.
COLD = ("tcp", "tcp6", "sdirect", "sdirect6")
VARIANTS = {
    "NET_VARIANTS_COLD": COLD,
    "NET_VARIANTS": COLD + ("tcp_hot", "sdirect_hot"),
    "NET_VARIANTS_DIRECT": ("sdirect", "sdirect6"),
}
TEST = re.compile(r"^TEST_F(?:_TIMEOUT|_SIGNAL)?\((\w+), (\w+)", re.M)
VARIANT = re.compile(r"^(NET_VARIANTS\w*)\((\w+)\);", re.M)

# In the guest the family is tested beside TCP; under the preload shim the
# TCP variants go over AF_SDIRECT, so they are run once more.
GUEST_MODES = (
    ("plain", ("tcp", "sdirect", "sdirect6", "sdirect_hot")),
    ("shim", ("tcp", "tcp_hot")),
)


class Test(NamedTuple):
    program: str
    variant: str
    name: str

    @property
    def full(self):
        return f"{self.program}.{self.variant}.{self.name}"


def programs():
    """Those with a main(); one whose tests are not found is an error."""
    found = sorted(path for path in NET.glob("*.c")
                   if re.search("^NET_MAIN", path.read_text(), re.M))
    for path in found:
        assert tests(path), f"{path}: no fixture {path.stem}, or no tests"
    return [path.stem for path in found]


def tests(path):
    """All tests of one source file, in the order in which they run."""
    text = path.read_text()
    kinds = {fixture: kind for kind, fixture in VARIANT.findall(text)}
    found = TEST.findall(text)
    return [Test(path.stem, variant, name)
            for variant in VARIANTS.get(kinds.get(path.stem), ())
            for fixture, name in found if fixture == path.stem]
