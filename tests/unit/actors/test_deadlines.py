"""The deadline wheel."""

from __future__ import annotations

import asyncio

from peerbus.actors.deadlines import SLOT, DeadlineWheel


class Entry:
    def __init__(self, expired: list[tuple[str, float]], name: str) -> None:
        self.expired, self.name = expired, name

    def expire(self) -> None:
        self.expired.append((self.name, asyncio.get_running_loop().time()))


async def test_entries_expire_in_order_never_early_and_one_slot_late_at_most() -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    start = loop.time()
    for name, seconds in (("c", 0.5), ("a", 0.013), ("b", 0.0131), ("past", -1.0)):
        wheel.add(Entry(expired, name), start + seconds)
    assert len(wheel) == 4
    await asyncio.sleep(1)
    assert [name for name, _ in expired] == ["past", "a", "b", "c"]
    for name, seconds in (("a", 0.013), ("b", 0.0131), ("c", 0.5)):
        at = dict(expired)[name] - start
        assert seconds - 1e-9 <= at <= seconds + SLOT + 1e-6
    assert len(wheel) == 0


async def test_an_entry_that_was_popped_does_not_expire() -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    one, other = Entry(expired, "one"), Entry(expired, "other")
    slot = wheel.add(one, loop.time() + 0.1)
    assert wheel.add(other, loop.time() + 0.1) is slot
    slot.pop(one)
    await asyncio.sleep(1)
    assert [name for name, _ in expired] == ["other"]


async def test_a_deadline_at_infinity_never_passes() -> None:
    wheel = DeadlineWheel(asyncio.get_running_loop())
    wheel.add(Entry([], "never"), float("inf"))
    assert len(wheel) == 0


async def test_an_entry_may_take_another_of_its_slot_along() -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    second = Entry(expired, "second")

    class First(Entry):
        def expire(self) -> None:
            super().expire()
            slot.pop(second)

    slot = wheel.add(First(expired, "first"), loop.time() + 0.1)
    wheel.add(second, loop.time() + 0.1)
    await asyncio.sleep(1)
    assert [name for name, _ in expired] == ["first"]


async def test_a_closed_wheel_expires_nothing() -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    wheel.add(Entry(expired, "x"), loop.time() + 0.1)
    wheel.close()
    await asyncio.sleep(1)
    assert expired == []
