"""Every test is watched: what it leaves behind (task, thread, actor, socket, file, process) fails it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from peerbus.testing.leaks import Leaks, tasks_left

#: A slow or busy machine is no reason to fail: pytest-timeout bounds what hangs.
settings.register_profile("peerbus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("peerbus")


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
