"""Many tells on their way: to one of a role, to several, to a bus that stops, from a thread."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gated_notes import Notes, Rejecting, actor_of, notes
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Account,
    Actor,
    Bus,
    Capability,
    DeadLetter,
    MailboxFull,
    NoSuchReactor,
    Role,
    ShuttingDown,
)


class Slow(Actor):
    """Has room for one, and takes its time."""

    mailbox_limit = 1

    async def on_receive(self, message: object) -> None:
        await asyncio.sleep(1.0)


async def heard(letters: Any) -> list[DeadLetter]:
    await asyncio.sleep(0.01)
    return list(iter(letters.get_nowait, None))


@in_virtual_time
async def test_nobody_there_is_a_dead_letter_for_each() -> None:
    async with Bus() as bus:
        letters = bus.subscribe(DeadLetter)
        error = await outcome_of(bus.tell_many(LOCAL / Notes, notes(3)))
        assert isinstance(error, NoSuchReactor)
        assert error.accepted == 0
        assert [letter.message for letter in await heard(letters)] == notes(3)
        assert bus.ledger().astray["-"] == Account(3, 0, 0, {"no_such_reactor": 3})
        assert await bus.tell_many(LOCAL / Notes, []) == 0


@in_virtual_time
async def test_all_go_to_one_of_a_role_and_to_each_of_several() -> None:
    async with Bus() as bus:
        bus.offer([Capability("writer")])
        ref = bus.spawn(Notes)
        actor_of(ref).gate.set()
        assert await bus.tell_many(Role("writer") / Notes, notes(20)) == 20
        results = await bus.tell_many(Role("writer", "all") / Notes, notes(20))
        assert dict(results) == {"local": 20}
        results = await bus.tell_many(Role("writer", "all") / Notes, iter(notes(300)))
        assert dict(results) == {"local": 300}
        await asyncio.sleep(0.1)
        assert actor_of(ref).got == notes(20) * 2 + notes(300)
        assert dict(await bus.tell_many(EVERYONE / Notes, notes(20))) == {}
        assert dict(await bus.tell_many(EVERYONE / Notes, iter(notes(20)))) == {}


@in_virtual_time
async def test_one_of_several_that_fails_has_its_error_and_how_far_it_came() -> None:
    async with Bus() as bus:
        bus.offer([Capability("writer")])
        bus.spawn(Rejecting)
        for messages in (notes(9), iter(notes(9))):
            results = await bus.tell_many(Role("writer", "all") / Rejecting, messages, timeout=0.1)
            error = results.errors["local"]
            assert isinstance(error, MailboxFull)
            assert error.accepted in (0, 4)


@in_virtual_time
async def test_a_bus_that_stops_takes_none() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
    error = await outcome_of(bus.tell_many(LOCAL / Notes, notes(2)))
    assert isinstance(error, ShuttingDown)
    error = await outcome_of(bus.tell_many(ref, notes(2)))
    assert isinstance(error, ShuttingDown)


@in_virtual_time
async def test_what_waits_when_the_bus_begins_to_stop_is_refused_as_tells_would_be() -> None:
    async with Bus(shutdown_timeout=5.0) as bus:
        ref = bus.spawn(Notes)
        sending = asyncio.ensure_future(outcome_of(bus.tell_many(LOCAL / Notes, notes(100))))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(1.0, actor_of(ref).gate.set)
        gate = actor_of(ref)
    error = await sending
    assert isinstance(error, ShuttingDown)
    assert error.accepted == len(gate.got) < 100


def test_a_thread_sends_many_to_whoever_the_loop_knows() -> None:
    with Bus(reactors=[Notes]) as bus:
        ref = bus.spawn(Rejecting)
        actor_of(ref).gate.set()
        bus.call(lambda: bus.offer([Capability("writer")]))
        assert bus.tell_many(Role("writer") / Rejecting, notes(2)).get(timeout=10) == 2
        results = bus.tell_many(Role("writer", "all") / Rejecting, iter(notes(2))).get(timeout=10)
        assert dict(results) == {"local": 2}
        with pytest.raises(NoSuchReactor) as nobody:
            bus.tell_many(LOCAL / "nobody", notes(2)).get(timeout=10)
        assert nobody.value.accepted == 0


@pytest.mark.parametrize("by_ref", [False, True])
@in_virtual_time
async def test_plain_codes_end_when_their_bus_begins_to_stop_whichever_way_they_go(by_ref: bool) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Slow, name="slow")
        sent = asyncio.ensure_future(bus.tell_many(ref if by_ref else LOCAL / "slow", list(range(6))))
        await asyncio.sleep(0.01)
    error = await outcome_of(sent)
    assert (type(error), getattr(error, "accepted", None)) == (ShuttingDown, 3)


@pytest.mark.parametrize("to", ["slow", None, 5])
async def test_what_is_no_address_is_refused_by_a_bus_that_has_stopped_as_well(to: Any) -> None:
    async with Bus() as bus:
        pass
    for send in (bus.tell, bus.ask):
        with pytest.raises(TypeError, match="is no address"):
            send(to, 1)
    with pytest.raises(TypeError, match="is no address"):
        bus.tell_many(to, [1])
