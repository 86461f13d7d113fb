# SPDX-License-Identifier: GPL-2.0-only
"""Does a check and says what is left to be mended."""
import subprocess
from pathlib import Path

import outside
from findings import Suppressions
from kernelsrc import Unusable

FILE = Path(__file__).resolve().parent / "suppressions.toml"


def suppressions():
    return Suppressions(FILE.read_text(encoding="utf-8"))


def do(check, tree, rules):
    """Lines that say what is wrong; none if nothing is.

    What need not be looked at raises kernelsrc.Absent.
    """
    if not getattr(tree, check.looks_at):
        return ["found no file to look at"]
    try:
        found = check.function(tree)
    except (outside.Missing, outside.Broken, Unusable) as err:
        return [str(err)]
    except subprocess.TimeoutExpired as err:
        return [f"{err.cmd[0]} took more than {err.timeout:.0f} s"]
    except subprocess.CalledProcessError as err:
        return [f"{err.cmd[0]} ended with {err.returncode}"]
    kept = [str(finding) for finding in
            sorted(set(rules.filter(check.name, found)))]
    return kept + rules.unused(check.name)
