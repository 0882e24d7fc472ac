"""An actor's handle: its sends from the loop and from plain code, and what it says of one that has stopped."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import LOCAL, Actor, ActorStopped, Address, Bus, Ref, WouldDeadlock


class Echo(Actor):
    def on_receive(self, message: object) -> object:
        return message


async def test_a_ref_sends_on_the_loop_and_waits_only_off_it() -> None:
    async with Bus() as bus:
        ref: Ref[Echo] = bus.spawn(Echo, name="echo")
        assert ref.address == Address(LOCAL, "echo")
        await ref.tell("hello")
        assert await ref.ask("one", block=False) == "one"
        with pytest.raises(WouldDeadlock):
            ref.ask("two")
        assert await asyncio.to_thread(lambda: ref.ask("three")) == "three"
        assert ref.statistics().delivered == 3


async def test_a_ref_of_one_that_has_stopped_raises_at_once() -> None:
    async with Bus() as bus:
        ref: Ref[Echo] = bus.spawn(Echo)
        await asyncio.to_thread(ref.stop)
        with pytest.raises(ActorStopped, match="not found"):
            ref.tell("hello")
        assert not ref.is_alive()


def test_without_a_bus_it_has_no_address() -> None:
    ref = Echo.start()
    try:
        assert ref.address is None
        assert ref.ask("hello") == "hello"
    finally:
        ref.stop()
