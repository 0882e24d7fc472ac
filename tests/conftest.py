"""Every test is watched: what it leaves behind (task, thread, actor, socket, file, process) fails it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from closed_core import ClosedCore
from hypothesis import HealthCheck, settings

from peerbus.native import build_name
from peerbus.testing.leaks import Leaks, tasks_left

#: A slow or busy machine is no reason to fail: pytest-timeout bounds what hangs.
settings.register_profile("peerbus", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30)
#: What `make soak` takes.
settings.register_profile("soak", parent=settings.get_profile("peerbus"), max_examples=2000)
settings.load_profile("peerbus")

#: Files whose tests hear the same multicast on the loopback, and the names that the others use there. By file, not
#: by `xdist_group`: pytest-xdist 3.8 writes that into the id of a test, which pytest 9.2 does not let it.
TOGETHER = dict.fromkeys(
    (
        "tests/contract/test_discovery.py",
        "tests/e2e/test_libp2p.py",
        "tests/e2e/test_mdns.py",
        "tests/e2e/test_new_project.py",
        "tests/unit/discovery/mdns/test_hearing.py",
        "tests/unit/discovery/mdns/test_mdns.py",
    ),
    "mdns",
)

CORE = ClosedCore()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--eager-tasks`: the same tests where a task runs to its first wait while it is made."""
    parser.addoption("--eager-tasks", action="store_true", help="every event loop has asyncio's eager task factory")


def pytest_configure(config: pytest.Config) -> None:
    """Give every event loop that the tests make, in whatever thread and of whatever kind, the factory asked for."""
    config.addinivalue_line("markers", "lazy_tasks(reason): not run with --eager-tasks")
    config.addinivalue_line("markers", "pure(reason): not run on the compiled build, whose core is closed")
    config.add_cleanup(CORE.close())
    if config.getoption("eager_tasks"):
        if not hasattr(asyncio, "eager_task_factory"):
            raise pytest.UsageError("--eager-tasks needs Python 3.12 or newer, which has asyncio.eager_task_factory")
        config.add_cleanup(_make_loops_eager())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, begin with the longest, so that none is left with one at the end.

    And skip what says of asyncio itself, not of the bus, what is otherwise with eager tasks.
    """
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid}: each process gives it another name, so give its parameters ids")
    if build_name() == "native":
        for item in items:
            if (mark := item.get_closest_marker("pure")) is not None:
                item.add_marker(pytest.mark.skip(reason=f"on the pure build only: {mark.args[0]}"))
    if config.getoption("eager_tasks"):
        for item in items:
            if (mark := item.get_closest_marker("lazy_tasks")) is not None:
                item.add_marker(pytest.mark.skip(reason=mark.args[0]))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("seeds") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test replace what is of the core where it is one for the pure build."""
    CORE.open = item.get_closest_marker("pure") is not None
    try:
        return (yield)
    finally:
        CORE.open = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Share out the tests one by one, and those that cannot run beside each other to one process."""
    from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]  # it says no types

    class OneByOne(LoadGroupScheduling):  # type: ignore[misc]  # as above
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.partition("::")[0], nodeid)

    return OneByOne(config, log) if config.getoption("dist") == "loadgroup" else None


def _make_loops_eager() -> Callable[[], None]:
    """Give loops the eager task factory as soon as they are made. Returns what ends that."""
    undo = pytest.MonkeyPatch()
    make = asyncio.BaseEventLoop.__init__

    def make_eager(loop: asyncio.BaseEventLoop) -> None:
        make(loop)
        loop.set_task_factory(_eager_task)

    undo.setattr(asyncio.BaseEventLoop, "__init__", make_eager)
    with contextlib.suppress(ImportError):
        import uvloop

        make_of_libuv = uvloop.new_event_loop

        def make_eager_of_libuv() -> asyncio.AbstractEventLoop:
            loop = make_of_libuv()
            loop.set_task_factory(_eager_task)
            return loop

        undo.setattr(uvloop, "new_event_loop", make_eager_of_libuv)
    return undo.undo


def _eager_task(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
    # uvloop always says `eager_start`, which the factory of Python 3.13.0 does not know yet.
    options.pop("eager_start", None)
    factory: Any = asyncio.eager_task_factory  # type: ignore[attr-defined,unused-ignore]  # since Python 3.12
    return factory(loop, coro, **options)


def pytest_sessionstart() -> None:
    """Let libuv open the pipe for signals that it opens once and keeps while the process lives.

    And hear Ctrl-C, also where the tests run in the background of a shell, which lets them ignore it: what they start,
    and interrupt, would ignore it as well.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.new_event_loop().close()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test after which a thread, actor, socket, file or child process is there that was not before."""
    leaks = Leaks()
    yield
    left = leaks.left()
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _no_structlog_left_behind() -> Iterator[None]:
    """Put logging back where a test set it up: by `capture_logs`, or by a command line that runs in its process."""
    yield
    structlog = sys.modules.get("structlog")
    if structlog is not None and structlog.is_configured():
        structlog.reset_defaults()
        root = logging.getLogger()
        for handler in root.handlers[:]:
            if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter):
                root.removeHandler(handler)
                root.setLevel(logging.WARNING)


@functools.lru_cache(maxsize=1)
def _loggers(_modules: int) -> list[Callable[[], None]]:
    """Forget what those of the package were told, as long as no more modules are imported."""
    found: list[Any] = [
        vars(module).get("log") for name, module in tuple(sys.modules.items()) if name.startswith("peerbus.")
    ]
    return [log.forget for log in found if type(log).__module__ == "peerbus.actors.base.log"]


@pytest.fixture(autouse=True)
def _no_line_of_the_log_left_behind() -> None:
    """What the test before logged too often to be told is told in none after it."""
    for forget in _loggers(len(sys.modules)):
        forget()


@pytest.fixture(autouse=True)
def _no_task_left_behind(request: pytest.FixtureRequest, _nothing_left_behind: None) -> None:
    """Watch the tasks of a test that has an event loop; it is torn down before the loop is closed."""
    if request.node.get_closest_marker("asyncio") is not None:
        request.getfixturevalue("_tasks_of_the_loop")


@pytest_asyncio.fixture
async def _tasks_of_the_loop() -> AsyncIterator[None]:
    """Fail a test that leaves a task in its loop, once its other fixtures are down."""
    before = asyncio.all_tasks()
    yield
    left = await tasks_left(before)
    if left:
        pytest.fail("the test left tasks behind: " + "; ".join(left), pytrace=False)
