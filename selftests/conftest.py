# SPDX-License-Identifier: GPL-2.0-only
"""Collects the tests that run in the guest, each as a test of its own.

Socket tests are read from net/*.c, the others from guest/cases.py.  One guest
runs all that were chosen (so -k and node ids work), in one order.
"""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys

import pytest

sys.path[:0] = [os.path.dirname(__file__),
                os.path.join(os.path.dirname(__file__), "guest"),
                os.path.join(os.path.dirname(__file__), "../tools/vm")]
sys.dont_write_bytecode = True

import cases  # noqa: E402
import plan  # noqa: E402
from built import kernel_path  # noqa: E402
from guestrun import (BAD_LOG, KERNEL, SLOWER, Guest,  # noqa: E402
                      module)

BUILD = pathlib.Path(os.environ.get("BUILD", plan.TOP / "build"))
PROGRAM_LIMIT = 300     # seconds for one program in the guest
GUEST = pytest.StashKey[Guest]()


# Done behind any choice of socket tests: the module goes and leaves nothing.
EPILOGUE = ("unload", "no_leaks_are_found", "kernel_log")


def pytest_configure(config):
    config.addinivalue_line("markers", "guest: runs in the guest")
    config.addinivalue_line("markers", "epilogue: belongs behind all others")
    # So that what was started is ended.
    signal.signal(signal.SIGTERM, interrupt)


def interrupt(_number, _frame):
    raise KeyboardInterrupt


def pytest_terminal_summary(terminalreporter, config):
    """How to run each failed test again."""
    words = [f"{name}={shlex.quote(value)}" for name, value in
             sorted(os.environ.items()) if name.startswith("SDIRECT_") and
             name != "SDIRECT_CONSOLE"]
    words += [sys.executable, "-m", "pytest"]
    for kind in ("failed", "error"):
        for report in terminalreporter.getreports(kind):
            path = os.path.relpath(config.rootpath / report.nodeid, plan.TOP)
            terminalreporter.write_line(
                " ".join(["replay:", *words, shlex.quote(path)]))


class GuestItem(pytest.Item):
    """One result that the guest gives."""

    def __init__(self, *, section, key, order, **kwargs):
        super().__init__(**kwargs)
        self.section = section
        self.key = key
        self.order = order
        self.add_marker("guest")
        if self.name in EPILOGUE:
            self.add_marker("epilogue")

    def runtest(self):
        guest = get_guest(self.session)
        result = guest.result(self.section, self.key)
        if result is None:
            raise GuestFailure("the guest ended before this test did:",
                               guest.tail)
        for line in result.lines:
            self.add_report_section("call", "guest", line)
        if result.outcome == "skipped":
            pytest.skip(result.lines[-1])
        if result.outcome != "passed":
            raise GuestFailure(f"{self.key} failed in the guest:",
                               result.lines)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, GuestFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


class NetItem(GuestItem):
    """A test of a socket program; mode says how the program is started."""

    def __init__(self, *, mode, test, **kwargs):
        super().__init__(section=f"{mode} {test.program}", key=test.full,
                         **kwargs)
        self.mode = mode
        self.test = test


class CaseItem(GuestItem):
    def __init__(self, *, stage, **kwargs):
        super().__init__(section=stage, key=kwargs["name"], **kwargs)


class LogItem(GuestItem):
    """The kernel log is an assertion, and so is how the guest ended."""

    def runtest(self):
        guest = get_guest(self.session)
        status = guest.finish()
        if status == BAD_LOG:
            raise GuestFailure("the kernel log of the guest:", guest.tail)
        if status:
            raise GuestFailure(f"the guest ended with {status}:", guest.tail)


class GuestFailure(Exception):
    def __init__(self, what, lines):
        super().__init__("\n".join([what] + list(lines)[-60:]))


class NetFile(pytest.File):
    def collect(self):
        number = plan.programs().index(self.path.stem)
        for at, (mode, variants) in enumerate(plan.GUEST_MODES):
            for test in plan.tests(self.path):
                if test.variant in variants:
                    name = f"{mode}.{test.variant}.{test.name}"
                    yield NetItem.from_parent(self, name=name, mode=mode,
                                              test=test,
                                              order=(2, at, number))


class CaseFile(pytest.File):
    ORDER = {"before": (0,), "loaded": (1,), "after": (3,)}

    def collect(self):
        for stage, functions in cases.STAGES.items():
            for function in functions:
                yield CaseItem.from_parent(self, name=function.__name__,
                                           stage=stage,
                                           order=self.ORDER[stage])
        yield LogItem.from_parent(self, name="kernel_log", section="end",
                                  key="kernel_log", order=(4,))


def pytest_collect_file(file_path, parent):
    if file_path.parent == plan.NET and file_path.suffix == ".c" and \
            plan.tests(file_path):
        return NetFile.from_parent(parent, path=file_path)
    if file_path == pathlib.Path(cases.__file__):
        return CaseFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(items):
    """What needs no guest first; then in the order of the guest."""
    items.sort(key=lambda item: getattr(item, "order", (-1,)))


def program_steps(items):
    """One step for each program and mode, with the tests asked of it."""
    wanted = {}
    for item in items:
        wanted.setdefault((item.mode, item.test.program), []).append(item.test)
    for (mode, program), tests in wanted.items():
        argv = [str(BUILD / "selftests/net" / program)]
        env = {"SDIRECT_EXPECT": "1",
               "SDIRECT_SCALE": os.environ.get("SDIRECT_SCALE", "25"),
               "SDIRECT_TIME": os.environ.get("SDIRECT_TIME", "2")}
        if mode == "shim":
            argv[:0] = [str(BUILD / "sdirect-run"), "--require"]
            # Whoever asks for rings has them, after however many in vain.
            env |= {"SDIRECT_SHIM": "1", "SDIRECT_STORM": "0"}
        # dict.fromkeys keeps the order and drops the repeats.
        argv += ["-v", ",".join(dict.fromkeys(t.variant for t in tests)),
                 "-t", ",".join(dict.fromkeys(t.name for t in tests))]
        yield {"section": f"{mode} {program}", "argv": argv, "env": env,
               "limit": PROGRAM_LIMIT * SLOWER}


def guest_steps(items):
    """The module is loaded and unloaded whatever was chosen."""
    chosen = {item.name for item in items if isinstance(item, CaseItem)}
    net = [item for item in items if isinstance(item, NetItem)]

    def case_steps(stage, always=()):
        return [{"section": stage, "case": function.__name__}
                for function in cases.STAGES[stage]
                if function.__name__ in chosen or function.__name__ in always]

    return (case_steps("before", ["load"]) + case_steps("loaded") +
            list(program_steps(net)) + case_steps("after", EPILOGUE))


def make(*targets):
    subprocess.run(["make", "-s", "-C", str(plan.TOP), f"BUILD={BUILD}",
                    *targets], check=True, stdin=subprocess.DEVNULL)


def make_module():
    """Everything, and the module for the kernel that will be booted."""
    make("all")
    if KERNEL:
        subprocess.run([plan.TOP / "tools/module-for", kernel_path(KERNEL),
                        module(BUILD).parent], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def get_guest(session):
    """Builds what the guest needs and starts it, at first need."""
    config = session.config
    if GUEST not in config.stash:
        make_module()
        make("-C", "selftests", "net")
        items = [item for item in session.items
                 if isinstance(item, GuestItem)]
        steps = BUILD / "selftests/steps.json"
        steps.write_text(json.dumps(guest_steps(items)))
        config.stash[GUEST] = Guest(
            BUILD, "guest", [plan.TOP / "selftests/guest/run.py", steps],
            teller(config))
    return config.stash[GUEST]


def teller(config):
    """Says something at once, past pytest's capture."""
    capture = config.pluginmanager.getplugin("capturemanager")
    reporter = config.pluginmanager.getplugin("terminalreporter")

    def tell(text):
        with capture.global_and_fixture_disabled():
            reporter.write_line(text)

    return tell


def pytest_unconfigure(config):
    if GUEST in config.stash:
        config.stash[GUEST].stop()


@pytest.fixture(scope="session")
def build():
    return BUILD


@pytest.fixture(scope="session")
def top():
    return plan.TOP
