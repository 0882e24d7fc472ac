"""The deadline wheel."""

from __future__ import annotations

import asyncio
from contextlib import closing
from fractions import Fraction
from math import inf

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from peerbus.actors import SendError, ShuttingDown
from peerbus.actors.sends.deadlines import SLOT, DeadlineWheel, check_timeout
from peerbus.testing import VirtualLoop


@pytest.mark.parametrize(
    ("given", "seconds"), [(5, 5.0), (Fraction(1, 2), 0.5), (10**400, inf), (Fraction(-(10**400)), -inf)]
)
def test_a_timeout_of_any_number_is_a_float(given: object, seconds: float) -> None:
    found = check_timeout(given)
    assert (found, type(found)) == (seconds, float)


class Entry:
    def __init__(self, expired: list[tuple[str, float]], name: str) -> None:
        self.expired, self.name = expired, name
        self.error: SendError | None = None

    def expire(self) -> None:
        self.expired.append((self.name, asyncio.get_running_loop().time()))

    def give_up(self, error: SendError) -> None:
        assert self.error is None
        self.error = error


class Rings(Entry):
    def __init__(self, expired: list[tuple[str, float]], name: str) -> None:
        super().__init__(expired, name)
        self.rung = asyncio.Event()

    def expire(self) -> None:
        super().expire()
        self.rung.set()


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
    expired: list[tuple[str, float]] = []
    never = Entry(expired, "never")
    slot = wheel.add(never, float("inf"))
    await asyncio.sleep(10_000)
    assert expired == []
    assert len(wheel) == 1
    slot.pop(never)
    assert len(wheel) == 0


async def test_a_deadline_that_is_no_number_is_refused_with_what_to_write() -> None:
    wheel = DeadlineWheel(asyncio.get_running_loop())
    with pytest.raises(ValueError, match=r"the timeout is nan; write seconds, inf for no limit"):
        wheel.add(Entry([], "never"), float("nan"))
    assert len(wheel) == 0


async def test_a_deadline_before_all_time_has_passed() -> None:
    wheel = DeadlineWheel(asyncio.get_running_loop())
    expired: list[tuple[str, float]] = []
    wheel.add(Entry(expired, "before"), -float("inf"))
    await asyncio.sleep(0.02)
    assert [name for name, _ in expired] == ["before"]


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


async def test_an_entry_with_the_deadline_of_those_that_have_expired_expires_too() -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    deadline = loop.time() + SLOT
    one, other, late = (Rings(expired, name) for name in ("first", "beside it", "after them"))
    assert wheel.add(other, deadline) is wheel.add(one, deadline), "found once more without a look for it"
    await one.rung.wait()
    wheel.add(late, deadline)
    assert len(wheel) == 1
    await late.rung.wait()
    assert [name for name, _ in expired] == ["beside it", "first", "after them"]


@pytest.mark.parametrize("seconds", [0.1, 100.0, float("inf")])
async def test_what_waits_when_the_wheel_closes_gives_up_with_the_reason_and_does_not_expire(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    wheel = DeadlineWheel(loop)
    expired: list[tuple[str, float]] = []
    one, other, popped = (Entry(expired, name) for name in ("one", "other", "popped"))
    for entry in (one, other):
        wheel.add(entry, loop.time() + seconds)
    wheel.add(popped, loop.time() + seconds).pop(popped)
    wheel.close(lambda: ShuttingDown("closed"))
    await asyncio.sleep(1000)
    assert expired == []
    assert isinstance(one.error, ShuttingDown)
    assert isinstance(other.error, ShuttingDown)
    assert one.error is not other.error
    assert popped.error is None
    assert len(wheel) == 0


class Timed:
    """An entry that knows when it may expire, and when it did."""

    def __init__(self, machine: WheelMachine, deadline: float) -> None:
        self.machine, self.deadline = machine, deadline
        self.ended: str | None = None

    def expire(self) -> None:
        assert self.ended is None
        self.ended = "expired"
        now = self.machine.loop.time()
        assert now >= self.deadline - 1e-9, "early"
        due = max(self.deadline, self.machine.added[self])
        assert now <= due + SLOT + 1e-9, "late"

    def give_up(self, error: SendError) -> None:
        assert self.ended is None
        self.ended = "given up"


class WheelMachine(RuleBasedStateMachine):
    """Deadlines are added, popped and waited for, in any order: each ends once, in its time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.wheel = DeadlineWheel(self.loop)
        self.added: dict[Timed, float] = {}
        self.slots: dict[Timed, dict[object, None]] = {}

    @rule(seconds=st.floats(-1, 100) | st.sampled_from([0.0, SLOT, 0.29, 1e9, float("inf"), 1e308]))
    def add(self, seconds: float) -> None:
        entry = Timed(self, self.loop.time() + seconds)
        self.added[entry] = self.loop.time()
        self.slots[entry] = self.wheel.add(entry, entry.deadline)  # type: ignore[assignment]  # of its own entries

    @precondition(lambda self: self.slots)
    @rule(data=st.data())
    def pop(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(list(self.slots)))
        self.slots.pop(entry).pop(entry, None)
        if entry.ended is None:
            entry.ended = "popped"

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))
        assert all(entry.ended or entry.deadline + SLOT + 1e-9 >= self.loop.time() for entry in self.added), "forgotten"

    @invariant()
    def it_holds_what_has_not_ended(self) -> None:
        open_ones = [entry for entry in self.added if entry.ended is None]
        assert len(self.wheel) == len(open_ones)

    def teardown(self) -> None:
        with closing(self.loop):
            self.wheel.close(lambda: ShuttingDown("closed"))
            assert all(entry.ended for entry in self.added)
            assert self.loop.pending_timers == []
        super().teardown()


TestWheel = WheelMachine.TestCase
TestWheel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
