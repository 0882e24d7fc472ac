"""Reactors: actors with a channel, whose name is their address."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from peerbus.actors import LOCAL, Actor, Bus, Channel, PeerbusError, Reactor, handles


@dataclass(frozen=True)
class Ping:
    number: int


def test_a_reactor_declares_a_channel() -> None:
    class Abstract(Reactor):
        pass

    class Pings(Abstract):
        channel = Channel("pings", messages=(Ping,))

    assert Pings.declared_channel() is Pings.channel
    with pytest.raises(TypeError, match="declares no channel"):
        Abstract.declared_channel()
    with pytest.raises(TypeError, match="declares no channel"):
        Abstract()
    with pytest.raises(TypeError, match="must be a Channel"):
        type("Wrong", (Reactor,), {"channel": "pings"})


async def test_its_channels_name_is_its_address_and_there_is_one_of_it() -> None:
    class Pings(Reactor):
        channel = Channel("pings", messages=(Ping,))

        @handles(Ping)
        def ping(self, ping: Ping) -> int:
            return ping.number

    async with Bus(reactors=[Pings]) as bus:
        assert bus.channels["pings"] is Pings.channel
        assert await bus.ask(LOCAL / Pings, Ping(3)) == await bus.ask(LOCAL / "pings", Ping(3)) == 3
        with pytest.raises(ValueError, match="an actor called 'pings' already"):
            bus.spawn(Pings)


async def test_one_that_handles_not_all_that_its_channel_declares_is_no_whole_reactor() -> None:
    class Half(Reactor):
        channel = Channel("half", messages=(Ping,))

    with pytest.raises(TypeError, match="Ping"):
        Half()
    async with Bus() as bus:
        with pytest.raises(TypeError, match="Ping"):
            bus.spawn(Half)
        assert bus.cell("half") is None


async def test_one_that_receives_all_by_itself_need_not_name_what() -> None:
    class Whole(Reactor):
        channel = Channel("whole", messages=(Ping,))

        def on_receive(self, message: object) -> object:
            return type(message).__name__

    async with Bus(reactors=[Whole]) as bus:
        assert await bus.ask(LOCAL / Whole, Ping(1)) == "Ping"


def test_started_without_a_bus_it_is_an_actor_as_others_are() -> None:
    class Pings(Reactor):
        channel = Channel("pings", messages=(Ping,))

        @handles(Ping)
        def ping(self, ping: Ping) -> int:
            return ping.number

    ref = Pings.start()
    try:
        assert ref.ask(Ping(4), timeout=10) == 4
        with pytest.raises(PeerbusError, match="is on no bus"):
            ref.proxy().address.get(timeout=10)
    finally:
        ref.stop()
    assert issubclass(Reactor, Actor)
