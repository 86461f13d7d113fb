#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs one of CPython's test modules and writes down each test's result.

Sets up what regrtest sets up; unlike it, leaves what is known when a test hangs
or the interpreter crashes, and gives each test, not each module, a time limit.
"""
import argparse
import faulthandler
import importlib
import json
import os
import pathlib
import sys
import unittest


class Recorder(unittest.TextTestResult):
    """Appends one line of JSON for each test that begins or ends."""

    events = None
    limit = 0

    def __init__(self, *args):
        super().__init__(*args)
        self.pid = os.getpid()
        self.verdict = None

    def write(self, **event):
        # A test's child that returns into this code says nothing.
        if os.getpid() != self.pid:
            return
        # Opened each time: a test may close every number.
        with open(self.events, "a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def startTest(self, test):
        super().startTest(test)
        self.verdict = None
        self.write(start=test.id())
        faulthandler.dump_traceback_later(self.limit, exit=True,
                                          file=sys.__stderr__)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        outcome, why = self.verdict or ("error", "no result")
        self.write(end=test.id(), outcome=outcome, why=why)
        super().stopTest(test)

    def note(self, test, outcome, why=""):
        """One verdict for a test, whatever else its parts say."""
        if isinstance(test, unittest.TestCase):
            if self.verdict is None or outcome in ("failed", "error"):
                self.verdict = outcome, why
        else:   # setUpClass and its kind
            self.write(start=test.id())
            self.write(end=test.id(), outcome=outcome, why=why)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed", self._exc_info_to_string(err, subtest))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "passed", "expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed", "unexpected success")


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.BaseTestSuite):
            yield from flatten(test)
        else:
            yield test


def load(module, only, without):
    """The module's tests, as regrtest finds them, but for those named."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(importlib.import_module(module))
    for error in loader.errors:
        print(error, file=sys.stderr)
    tests = [test for test in flatten(suite)
             if (not only or test.id() in only) and test.id() not in without]
    return unittest.TestSuite(tests), bool(loader.errors)


def prepare(options):
    """What regrtest does before it imports a test."""
    from test import support
    faulthandler.enable(all_threads=True)
    support.use_resources = options.resource
    # An emulated machine is many times slower than those these suit.
    support.LOOPBACK_TIMEOUT = options.limit / 5
    support.SHORT_TIMEOUT = options.limit / 4
    support.INTERNET_TIMEOUT = options.limit / 2
    support.LONG_TIMEOUT = options.limit


def names(path):
    return set(path.read_text(encoding="utf-8").split("\n")) if path else set()


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", required=True, type=pathlib.Path,
                        help="where the results go, a line of JSON each")
    parser.add_argument("--limit", type=float, default=300,
                        help="seconds for one test (default: 300)")
    parser.add_argument("--resource", action="append", default=[],
                        help="as regrtest's -u: network, cpu, ...")
    parser.add_argument("--only", type=pathlib.Path,
                        help="a file with the ids to run, one a line")
    parser.add_argument("--without", type=pathlib.Path,
                        help="a file with those not to run")
    parser.add_argument("module", help="test.test_socket, ...")
    return parser.parse_args()


def main():
    from test.support import os_helper
    options = parse()
    only, without = names(options.only), names(options.without)
    Recorder.events = options.events.absolute()
    Recorder.limit = options.limit
    prepare(options)
    with os_helper.temp_cwd(f"suite_{os.getpid()}"):
        suite, broken = load(options.module, only, without)
        result = unittest.TextTestRunner(resultclass=Recorder, verbosity=2,
                                         buffer=True).run(suite)
    return 1 if broken or not result.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
