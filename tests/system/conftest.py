"""Fixtures: everything a test starts is stopped when it ends, however it ends."""

import contextlib
import os
import signal

import pytest

import relay as relay_module
from bench import Bench

LONGEST = 90  # seconds


@pytest.fixture(autouse=True)
def time_limit():
    """No test takes longer than this, whatever it waits for."""

    def on_alarm(_number, _frame):
        raise TimeoutError(f"the test took more than {LONGEST} s")

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def stack(time_limit):
    """Stops what was started, last first."""
    with contextlib.ExitStack() as exits:
        yield exits


@pytest.fixture(scope="module")
def module_stack():
    with contextlib.ExitStack() as exits:
        yield exits


@pytest.fixture
def launch(stack):
    """launch(thing): starts anything with start() and stop()."""

    def start(thing):
        stack.callback(thing.stop)
        thing.start()
        return thing

    return start


@pytest.fixture(params=["udp", "tcp"])
def transport(request):
    return request.param


@pytest.fixture(scope="module")
def the_bench(module_stack, tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("bench"))
    module_stack.callback(made.stop)
    return made.start()


@pytest.fixture
def bench(the_bench):
    """A proxy with all kinds of peers, for a whole module; each test has clients of its own."""
    yield the_bench
    the_bench.close_clients()


def pytest_collection_modifyitems(items):
    """Whatever does not need the program says so; the rest is skipped without it."""
    if "TSIG_PROXY" not in os.environ:
        for item in items:
            if "no_proxy" not in item.keywords:
                item.add_marker(pytest.mark.skip(reason="TSIG_PROXY is not set"))


@pytest.fixture
def make_relay(launch, tmp_path):
    """make_relay(script, ...): see relay.Relay."""

    def make(*arguments, **more):
        return relay_module.Relay(launch, tmp_path, *arguments, **more)

    return make


def pytest_terminal_summary(terminalreporter):
    """The figures that tests tell of faults, which pytest keeps to itself when they pass."""
    for report in terminalreporter.getreports("passed"):
        for line in report.capstdout.splitlines() if report.when == "call" else ():
            if line.startswith("faults: "):
                terminalreporter.write_line(line)
