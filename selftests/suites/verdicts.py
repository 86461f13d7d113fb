# SPDX-License-Identifier: GPL-2.0-only
"""Compares a suite under the shim with the same suite on TCP."""
import typing

from outcomes import WORST, Outcome

FAILING = WORST[2:]
ABSENT = Outcome("absent", "the test was not run")


class Verdict(typing.NamedTuple):
    """What became of one test that did not end alike in the first try."""
    test: str
    kind: str           # differs, unsteady, flaky, argued
    tcp: list           # outcomes of each try
    shim: list
    why: str = ""


def worse_than(tcp, shim):
    """Is it one test more that fails?  A skip hides one that passed."""
    if tcp.word == "passed":
        return shim.word != "passed"
    return tcp.word == "skipped" and shim.word in FAILING


def differing(tcp, shim):
    """The tests that end worse under the shim."""
    return [test for test in sorted(set(tcp) | set(shim))
            if worse_than(tcp.get(test, Outcome("skipped")),
                          shim.get(test, ABSENT))]


def settle(test, tcp, shim):
    """The verdict on one test from all tries, the first one being worse.

    What fails on TCP too, at most once less often, is flaky; what passed in
    all further tries, unsteady; anything else differs.
    """
    again = [worse_than(*pair) for pair in zip(tcp[1:], shim[1:])]
    bad = [sum(outcome.word in FAILING for outcome in side)
           for side in (tcp, shim)]
    if bad[0] and bad[1] <= bad[0] + 1:
        kind = "flaky"
    elif again and not any(again):
        kind = "unsteady"
    else:
        kind = "differs"
    return Verdict(test, kind, tcp, shim, shim[0].why)


def compare(tcp, shim, again, tries, argued):
    """Verdicts on all tests that ended worse.

    again(tests) runs these on both and gives both results; argued(test) is
    the reason why a test may differ, or None.
    """
    bad = differing(tcp, shim)
    seen = {test: ([tcp.get(test, ABSENT)], [shim.get(test, ABSENT)])
            for test in bad}
    open_tests = [test for test in bad if not argued(test)]
    for _ in range(tries - 1):
        if not open_tests:
            break
        for side, found in enumerate(again(open_tests)):
            for test in open_tests:
                seen[test][side].append(found.get(test, ABSENT))
    verdicts = []
    for test in bad:
        why = argued(test)
        if why:
            verdicts.append(Verdict(test, "argued", *seen[test], why))
        else:
            verdicts.append(settle(test, *seen[test]))
    return verdicts


def counts(found):
    """{word: how many} of one run."""
    numbers = {}
    for outcome in found.values():
        numbers[outcome.word] = numbers.get(outcome.word, 0) + 1
    return numbers


def in_words(found):
    return ", ".join(f"{number} {word}" for word, number in
                     sorted(counts(found).items())) or "nothing"
