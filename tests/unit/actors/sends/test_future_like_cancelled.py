"""Every kind of outcome: cancelled, or awaited by several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from kinds_of_outcomes import KINDS, Held, Number, Twice, ask_waiting, plain

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Capability,
    Channel,
    Outcome,
    Reactor,
    Role,
    handles,
)
from peerbus.actors.sends.combined import Gathered


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Twice, Held]) as made:
        made.offer([Capability("r")])
        yield made


class Endless(Reactor):
    """Works until it is cancelled."""

    channel = Channel("endless", messages=(Number,), idempotent=(Number,))

    def __init__(self) -> None:
        super().__init__()
        self.began, self.cancelled = asyncio.Event(), asyncio.Event()

    @handles(Number)
    async def work(self, _: Number) -> int:
        self.began.set()
        try:
            await asyncio.get_running_loop().create_future()
            return 0
        finally:
            self.cancelled.set()


@pytest.fixture
async def endless(bus: Bus) -> Endless:
    bus.spawn(Endless)
    cell = bus.cell("endless")
    assert cell is not None
    assert isinstance(cell.actor, Endless)
    return cell.actor


ASKS: dict[str, Callable[[Bus], Outcome[Any]]] = {
    "an ask": lambda bus: bus.ask(LOCAL / "endless", Number(1)),
    "an ask of one of a role's": lambda bus: bus.ask(Role("r") / "endless", Number(1)),
    "a hedged ask": lambda bus: bus.ask(Role("r") / "endless", Number(1), hedge=10),
    "an ask of several": lambda bus: bus.ask(Role("r", "all") / "endless", Number(1)),
    "an ask with a quorum": lambda bus: bus.ask(Role("r", "all") / "endless", Number(1), quorum=1),
    "an ask that waited for a peer": lambda bus: bus.ask(Role("r") / "endless", Number(1), wait_for_peer=True),
}


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_that_nobody_has_awaited_ends_the_work(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    await endless.began.wait()
    assert outcome.cancel()
    await asyncio.wait_for(endless.cancelled.wait(), 1)
    with pytest.raises(asyncio.CancelledError):
        await outcome
    assert outcome.cancelled()


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_before_the_first_step_of_its_task_ends_the_work(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    outcome.add_done_callback(lambda _: None)
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outcome
    if endless.began.is_set():
        await asyncio.wait_for(endless.cancelled.wait(), 1)


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_ends_the_work_that_another_task_awaits(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    waiting = asyncio.create_task(plain(outcome))
    await endless.began.wait()
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(endless.cancelled.wait(), 1)


async def test_an_ask_that_waits_for_room_and_is_given_up_is_never_sent(bus: Bus) -> None:
    outcome: Any = ask_waiting(bus)
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outcome
    assert outcome._future.cancelled()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("a tell that waits for a thread",)])
async def test_every_kind_of_outcome_may_be_awaited_by_several_and_again(bus: Bus, kind: str) -> None:
    make, of, expected = KINDS[kind]
    outcome = make(bus)
    ends = await asyncio.gather(*(plain(outcome) for _ in range(3)), return_exceptions=True)
    ends += await asyncio.gather(plain(outcome), return_exceptions=True)
    for end in ends:
        if isinstance(expected, type):
            assert type(end) is expected
        else:
            assert (dict(end) if of is Gathered else end) == expected  # type: ignore[call-overload]  # as above


@pytest.mark.parametrize("kind", ["an ask of several", "an ask with a quorum", "a hedged ask"])
async def test_one_of_several_that_await_is_cancelled_alone(bus: Bus, endless: Endless, kind: str) -> None:
    outcome: Any = ASKS[kind](bus)
    waiting = [asyncio.create_task(plain(outcome)) for _ in range(3)]
    await endless.began.wait()
    waiting[1].cancel()
    await asyncio.wait(waiting[1:2])
    assert [task.done() for task in waiting] == [False, True, False]
    assert not endless.cancelled.is_set()
    outcome.cancel()
    await asyncio.wait(waiting)


async def test_a_reply_that_is_done_has_a_result_or_an_exception_whoever_waited_for_it() -> None:
    class Divides(Actor):
        @handles(int)
        def divide(self, message: int) -> float:
            return 1 / message

    async with Bus() as bus:
        ref = bus.spawn(Divides)
        whole, failed = ref.ask(2, block=False), ref.ask(0, block=False)
        both = whole.join(whole)
        for future in (whole, failed, both):
            assert not future.done()
            for look in (future.result, future.exception):
                with pytest.raises(asyncio.InvalidStateError):
                    look()
        await bus.ask(ref, 1)
        for future in (whole, failed, both):
            assert future.done()
        assert (whole.result(), whole.exception()) == (0.5, None)
        assert (both.result(), both.exception()) == ([0.5, 0.5], None)
        assert isinstance(failed.exception(), ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            failed.result()
        asked: list[Any] = [ref.ask(1, block=False), ref.ask(2, block=False)]
        done, pending = await asyncio.wait(asked)
        assert not pending
        assert sorted(future.result() for future in done) == [0.5, 1.0]
