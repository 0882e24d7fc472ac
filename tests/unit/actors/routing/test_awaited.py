"""What the router is told of sends that wait: it completes them when there are as many receivers as they need."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import LOCAL, Actor, Bus, Capability, NoRoute, Role, ShuttingDown
from peerbus.actors.routing import AwaitReceivers, ForgetWait


async def test_a_wait_is_completed_as_soon_as_there_are_so_many() -> None:
    async with Bus() as bus:
        here: asyncio.Future[None] = bus.loop.create_future()
        role: asyncio.Future[None] = bus.loop.create_future()
        bus.tell_router(AwaitReceivers(LOCAL / "blocks", 1, here))
        bus.tell_router(AwaitReceivers(Role("archive") / "blocks", 1, role))
        await asyncio.sleep(0.01)
        assert bus.receivers_awaited
        bus.spawn(Actor, name="blocks")
        await here
        assert not role.done()
        bus.offer([Capability("archive")])
        await role
        assert not bus.receivers_awaited


async def test_a_wait_for_who_is_there_already_is_completed_at_once() -> None:
    async with Bus() as bus:
        bus.spawn(Actor, name="blocks")
        there: asyncio.Future[None] = bus.loop.create_future()
        bus.tell_router(AwaitReceivers(LOCAL / "blocks", 1, there))
        await there
        assert not bus.receivers_awaited


async def test_a_wait_that_is_forgotten_is_not_completed() -> None:
    async with Bus() as bus:
        there: asyncio.Future[None] = bus.loop.create_future()
        bus.tell_router(AwaitReceivers(LOCAL / "blocks", 1, there))
        await asyncio.sleep(0.01)
        bus.tell_router(ForgetWait(there))
        await asyncio.sleep(0.01)
        bus.spawn(Actor, name="blocks")
        await asyncio.sleep(0.01)
        assert not there.done()
        assert not bus.receivers_awaited


async def test_more_waits_than_the_router_takes_are_refused_and_all_end_with_the_bus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peerbus.actors.router.MAX_WAITING", 1)
    async with Bus() as bus:
        first: asyncio.Future[None] = bus.loop.create_future()
        second: asyncio.Future[None] = bus.loop.create_future()
        bus.tell_router(AwaitReceivers(LOCAL / "blocks", 1, first, "one"))
        bus.tell_router(AwaitReceivers(LOCAL / "blocks", 1, second, "two"))
        with pytest.raises(NoRoute, match="1 sends wait for a peer already") as refused:
            await second
        assert refused.value.message == "two"
    with pytest.raises(ShuttingDown) as ended:
        await first
    assert ended.value.message == "one"
