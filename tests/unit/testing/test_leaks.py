"""What a test leaves behind is named."""

from __future__ import annotations

import asyncio
import socket
import threading

import pykka

from peerbus.testing.leaks import Leaks, tasks_left


def test_what_was_there_before_is_no_leak() -> None:
    with socket.socket():
        actor = pykka.ThreadingActor.start()
        assert Leaks().left() == []
        actor.stop()


def test_a_socket_a_thread_and_an_actor_are_named_and_the_actor_is_stopped() -> None:
    leaks, done = Leaks(), threading.Event()
    actor = pykka.ThreadingActor.start()
    thread = threading.Thread(target=done.wait, name="endless")
    thread.start()
    with socket.socket():
        left = leaks.left()
    done.set()
    thread.join()
    assert [entry.split()[0] for entry in left] == ["actor", "thread", "file"]
    assert "thread endless" in left
    actor.actor_stopped.wait(5)
    assert leaks.left() == []


async def test_a_task_that_is_ending_is_no_leak_and_one_that_waits_is() -> None:
    before = asyncio.all_tasks()
    ending = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    ending.cancel()
    assert await tasks_left(before) == []
    waiting = asyncio.create_task(asyncio.sleep(60), name="forgotten")
    (left,) = await tasks_left(before)
    assert left.startswith("forgotten (")
    waiting.cancel()
