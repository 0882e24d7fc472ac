"""Cancelling an outcome ends the wait of whoever awaits it, whatever it waits for, and what it would have sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from kinds_of_outcomes import Held, Hold, Number, plain

from peerbus.actors import LOCAL, Bus, Capability, Channel, Reactor, Role, handles


class Full(Reactor):
    """Works until it is cancelled; its mailbox is full meanwhile."""

    channel = Channel("full", messages=(Number,), idempotent=(Number,), mailbox=1)

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
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Full, Held], shutdown_timeout=0.1) as made:
        made.offer([Capability("r")])
        full, held = reactor(made, "full"), reactor(made, "held")
        await made.tell(LOCAL / "full", Number(1))
        await full.began.wait()
        await made.tell(LOCAL / "full", Number(2))
        await made.tell(LOCAL / "held", Hold())
        assert await asyncio.to_thread(held.began.wait, 10)
        await made.tell(LOCAL / "held", Number(1))
        yield made
        held.go.set()


def reactor(bus: Bus, name: str) -> Any:
    cell = bus.cell(name)
    assert cell is not None
    return cell.actor


def from_a_thread(make: Callable[[], Any]) -> Any:
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(make()))
    thread.start()
    thread.join()
    return made[0]


#: Sends that wait, by what they are.
WAITS: dict[str, Callable[[Bus, str], Any]] = {
    "a tell": lambda bus, name: bus.tell(LOCAL / name, Number(3)),
    "an ask": lambda bus, name: bus.ask(LOCAL / name, Number(3)),
    "many tells": lambda bus, name: bus.tell_many(LOCAL / name, [Number(3)] * 3),
    "a tell to a role": lambda bus, name: bus.tell(Role("r") / name, Number(3)),
    "an ask of a role": lambda bus, name: bus.ask(Role("r") / name, Number(3)),
    "many tells to a role": lambda bus, name: bus.tell_many(Role("r") / name, [Number(3)] * 3),
    "a hedged ask": lambda bus, name: bus.ask(Role("r") / name, Number(3), hedge=10.0),
    "a tell to all of a role": lambda bus, name: bus.tell(Role("r", "all") / name, Number(3)),
    "an ask of all of a role": lambda bus, name: bus.ask(Role("r", "all") / name, Number(3)),
    "an ask of a quorum": lambda bus, name: bus.ask(Role("r", "all") / name, Number(3), quorum=1),
    "an ask that waits for a peer": lambda bus, name: bus.ask(Role("q") / name, Number(3), wait_for_peer=True),
    "a tell from a thread": lambda bus, name: from_a_thread(lambda: bus.tell(LOCAL / name, Number(3))),
    "an ask from a thread": lambda bus, name: from_a_thread(lambda: bus.ask(LOCAL / name, Number(3))),
    "an ask of a role from a thread": lambda bus, name: from_a_thread(lambda: bus.ask(Role("r") / name, Number(3))),
}


@pytest.mark.parametrize("name", ["full", "held"])
@pytest.mark.parametrize("kind", WAITS)
async def test_whoever_awaits_a_send_that_waits_hears_that_it_was_given_up(bus: Bus, kind: str, name: str) -> None:
    sent = bus.ledger().local[name].delivered
    outcome = WAITS[kind](bus, name)
    waiting = [asyncio.create_task(plain(outcome)), asyncio.ensure_future(asyncio.gather(outcome))]
    for _ in range(20):
        await asyncio.sleep(0)  # until both stand in it
    assert not any(each.done() for each in waiting)
    assert outcome.cancel()
    await asyncio.wait_for(asyncio.wait(waiting), 10)
    ends = [each.cancelled() or type(each.exception()) is asyncio.CancelledError for each in waiting]
    assert ends == [True, True]
    assert bus.ledger().local[name].delivered == sent


class Second(Full):
    channel = Channel("second", messages=(Number,), mailbox=1)


async def test_the_work_for_a_ref_s_future_ends_with_it(bus: Bus) -> None:
    ref = bus.spawn(Second)
    await bus.started(ref)
    actor = reactor(bus, "second")
    future: Any = ref.ask(Number(1), block=False)
    await actor.began.wait()
    waiting = asyncio.create_task(plain(future))
    await asyncio.sleep(0)
    assert future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(actor.cancelled.wait(), 10)
    assert not future.cancel()
    assert bus.ledger().local["second"].undone == {"cancelled": 1}


class HoldsTheLoop(Reactor):
    channel = Channel("holds", messages=(Hold, Number))

    def __init__(self, began: threading.Event, go: threading.Event) -> None:
        super().__init__()
        self.began, self.go = began, go
        self.numbers: list[int] = []

    @handles(Hold)
    def hold(self, _: Hold) -> None:
        self.began.set()
        self.go.wait(10)

    @handles(Number)
    def take(self, message: Number) -> list[int]:
        self.numbers.append(message.value)
        return self.numbers


def test_what_is_given_up_before_a_busy_loop_has_come_to_it_is_not_sent() -> None:
    began, go = threading.Event(), threading.Event()

    async def give_up(bus: Bus) -> None:
        future: Any = bus.ask(ref, Number(1))
        waiting = asyncio.create_task(plain(future))
        await asyncio.sleep(0)
        assert future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with Bus() as bus:  # on a loop of its own, which an actor holds
        ref = bus.spawn(HoldsTheLoop, began, go)
        ref.tell(Hold())
        assert began.wait(10)
        asyncio.run(give_up(bus))
        go.set()
        assert bus.ask(ref, Number(2)).get() == [2]
