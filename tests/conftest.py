"""Every test is watched: what it leaves behind (task, thread, actor, socket, file, process) fails it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pykka
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

#: Linux lists a process's open files here; elsewhere the check of files is left out.
OPEN_FILES = Path("/proc/self/fd")
#: OpenSSL and the interpreter may open these once and keep them.
KEPT_OPEN = frozenset({"/dev/urandom", "/dev/random", "/dev/null"})
#: How long a thread that was told to end may take to do so, in seconds.
THREAD_GRACE = 1.0


#: A slow or busy machine is no reason to fail: pytest-timeout bounds what hangs.
settings.register_profile("peerbus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("peerbus")


def pytest_sessionstart() -> None:
    """Let libuv open the pipe for signals that it opens once and keeps while the process lives."""
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.new_event_loop().close()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test after which a thread, actor, socket, file or child process is there that was not before."""
    threads = set(threading.enumerate())
    files = _open_files()
    children = _has_children()
    yield
    left = _stop_actors()
    for thread in threading.enumerate():
        if thread not in threads:
            thread.join(THREAD_GRACE)
            if thread.is_alive():
                left.append(f"thread {thread.name}")
    if _open_files() - files:
        gc.collect()  # 10 ms: only for a test that has left something
        left.extend(f"file {number}: {target}" for number, target in sorted(_open_files() - files))
    if not children and _has_children():
        left.append("a child process that is running, or was not waited for")
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
    for _ in range(3):  # a task that was cancelled in the last line of a test needs a turn to end
        if not asyncio.all_tasks() - before - {asyncio.current_task()}:
            return
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        names = sorted(f"{task.get_name()} ({task.get_coro()!r})" for task in left)
        pytest.fail("the test left tasks behind: " + "; ".join(names), pytrace=False)


def _open_files() -> set[tuple[int, str]]:
    files = set()
    for entry in os.listdir(OPEN_FILES) if OPEN_FILES.is_dir() else ():
        try:
            target = os.readlink(OPEN_FILES / entry)
        except FileNotFoundError:  # the listing itself
            continue
        if target not in KEPT_OPEN:
            files.add((int(entry), target))
    return files


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _stop_actors() -> list[str]:
    """Stop and name the actors that Pykka's registry still lists: it is shared by the whole process."""
    left = pykka.ActorRegistry.get_all()
    for actor in left:
        if actor.is_alive():
            actor.stop(block=False)
        pykka.ActorRegistry.unregister(actor)
    return [f"actor {actor}" for actor in left]
