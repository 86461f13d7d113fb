# SPDX-License-Identifier: GPL-2.0-only
"""What the suites write, as {test: Outcome}."""
import json
import re
import typing

WORST = ("passed", "skipped", "failed", "error", "hang", "crash")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?", re.IGNORECASE)
LINE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*(.*)$")
DIRECTIVE = re.compile(r"#\s*(todo|skip)\S*\s*(.*)$", re.IGNORECASE)


class Outcome(typing.NamedTuple):
    word: str           # one of WORST
    why: str = ""


def worse(one, other):
    """Of two results of tests with one name."""
    return max(one, other, key=lambda outcome: WORST.index(outcome.word))


def add(found, name, outcome):
    found[name] = worse(found[name], outcome) if name in found else outcome


def unfinished(status):
    """Why a test has no end: the watchdog's status is 1, as a failure's."""
    return "hang" if status in ("hang", 1) else "crash"


def from_events(text, module, status):
    """What pyunit.py wrote, and how it ended: a status, or "hang".

    A test without an end takes the blame for it; between tests, the module.
    """
    found, begun = {}, None
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:      # cut off where it was killed
            continue
        if "start" in event:
            begun = event["start"]
        else:
            begun = None
            add(found, event["end"], Outcome(event["outcome"], event["why"]))
    if begun:
        add(found, begun, Outcome(unfinished(status), f"ended with {status}"))
    elif status not in (0, 1):
        add(found, module, Outcome(unfinished(status), f"ended with {status}"))
    return found


def tap_line(match):
    """The outcome that one line of TAP says."""
    directive = DIRECTIVE.search(match[3])
    word = directive and directive[1].lower()
    if word == "todo":
        return Outcome("passed", "expected failure" if match[1] else "")
    if word == "skip":
        return Outcome("skipped", directive[2])
    return Outcome("failed" if match[1] else "passed", match[0])


def from_tap(name, text, status):
    """What a Perl test wrote: NAME#N for each line, NAME for the whole."""
    found, planned, skip = {}, None, None
    for line in text.splitlines():
        plan, match = PLAN.match(line), LINE.match(line)
        if plan:
            planned, skip = int(plan[1]), plan[2]
        elif match:
            number = match[2] or len(found) + 1
            add(found, f"{name}#{number}", tap_line(match))
    if planned == 0:
        found[name] = Outcome("skipped", skip or "")
    elif status != 0:
        found[name] = Outcome(status if isinstance(status, str) else "failed",
                              f"exit status {status}")
    elif planned is None or planned != len(found):
        found[name] = Outcome("failed", f"planned {planned}, ran {len(found)}")
    else:
        found[name] = Outcome("passed")
    return found


def from_status(name, text, status):
    """A program that says it by its exit status, 77 being "skipped"."""
    tail = "\n".join(text.splitlines()[-20:])
    if isinstance(status, str):
        return {name: Outcome(status, tail)}
    if status < 0:
        return {name: Outcome("crash", f"signal {-status}\n{tail}")}
    word = {0: "passed", 77: "skipped"}.get(status, "failed")
    return {name: Outcome(word, tail if word != "passed" else "")}
