"""What threads send to the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any

from peerbus.actors import Bus, DeadLetter, NoRoute, Peer
from peerbus.actors.sends.thread_sends import TOGETHER, ThreadSends


async def test_what_a_thread_sends_while_the_loop_is_busy_is_taken_together_and_in_order() -> None:
    async with Bus() as bus:
        letters = bus.subscribe(DeadLetter)
        wakes, wake = 0, bus.loop.call_soon_threadsafe

        def counted(*of: Any, **how: Any) -> Any:
            nonlocal wakes
            wakes += 1
            return wake(*of, **how)

        bus.loop.call_soon_threadsafe = counted  # type: ignore[method-assign,assignment]  # counted
        sent: list[Any] = []
        thread = Thread(target=lambda: sent.extend(bus.tell(Peer("a" * 64) / "blocks", n) for n in range(200)))
        thread.start()
        thread.join()
        assert wakes == 1
        ends = await asyncio.gather(*sent, return_exceptions=True)
        assert all(isinstance(end, NoRoute) for end in ends)
        await asyncio.sleep(0.01)
        assert [letter.message for letter in iter(letters.get_nowait, None)] == list(range(200))


class Closed:
    """Its loop has."""

    def on_loop(self, action: Callable[[], object]) -> bool:
        return False


def test_a_loop_that_has_closed_takes_nothing_and_says_so_each_time() -> None:
    sends = ThreadSends()
    assert [sends.put(Closed(), lambda: None) for _ in range(3)] == [False] * 3


class Kept:
    """Runs what it was given when the test says so."""

    def __init__(self) -> None:
        self.actions: list[Callable[[], object]] = []

    def on_loop(self, action: Callable[[], object]) -> bool:
        self.actions.append(action)
        return True


def test_more_than_a_turn_may_take_is_left_to_the_next() -> None:
    sends, host, made = ThreadSends(), Kept(), list[int]()
    for number in range(TOGETHER + 1):
        assert sends.put(host, lambda number=number: made.append(number))  # type: ignore[misc]  # mypy infers no default
    assert len(host.actions) == 1
    host.actions.pop()()
    assert made == list(range(TOGETHER))
    host.actions.pop()()
    assert made == list(range(TOGETHER + 1))
    assert host.actions == []
