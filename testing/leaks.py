"""What a test leaves behind: tasks, threads, actors, sockets, files, child processes."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from pathlib import Path

import pykka

__all__ = ["Leaks", "tasks_left"]

#: Linux lists a process's open files here; elsewhere files and sockets are not looked for.
OPEN_FILES = Path("/proc/self/fd")
#: OpenSSL and the interpreter may open these once and keep them.
KEPT_OPEN = frozenset({"/dev/urandom", "/dev/random", "/dev/null"})
#: How long a thread that was told to end may take to do so, in seconds.
THREAD_GRACE = 1.0
#: A task that was cancelled in the last line of a test needs a turn to end.
TASK_TURNS = 3


class Leaks:
    """Remembers what there is when it is made; `left()` names what was not there then and is now.

    Actors that are left are stopped: Pykka's registry is shared by the whole process, and they would be found again.

    ```python
    leaks = Leaks()
    assert leaks.left() == []
    ```
    """

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._files = _open_files()
        self._children = _has_children()
        self._actors = frozenset(_actors())

    def left(self) -> list[str]:
        """What is left, in words; empty where there is nothing. May wait for threads that are ending, 1 s each."""
        left = [f"actor {actor}" for actor in self._stop_actors()]
        for thread in threading.enumerate():
            if thread not in self._threads:
                thread.join(THREAD_GRACE)
                if thread.is_alive():
                    left.append(f"thread {thread.name}")
        if _open_files() - self._files:
            gc.collect()  # 10 ms: only for a test that has left something
            left.extend(f"file {number}: {target}" for number, target in sorted(_open_files() - self._files))
        if not self._children and _has_children():
            left.append("a child process that is running, or was not waited for")
        return left

    def _stop_actors(self) -> list[object]:
        left = [actor for actor in _actors() if actor not in self._actors]
        for actor in left:
            if actor.is_alive():
                actor.stop(block=False)
            pykka.ActorRegistry.unregister(actor)
        return list(left)


async def tasks_left(before: set[asyncio.Task[object]]) -> list[str]:
    """The tasks of the running loop that are neither in `before` nor the caller's own, by name."""
    current = asyncio.current_task()
    for _ in range(TASK_TURNS):
        if not asyncio.all_tasks() - before - {current}:
            return []
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {current}
    return sorted(f"{task.get_name()} ({task.get_coro()!r})" for task in left)


def _actors() -> list[pykka.ActorRef[pykka.Actor]]:
    return pykka.ActorRegistry.get_all()


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
