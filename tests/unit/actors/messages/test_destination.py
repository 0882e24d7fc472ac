"""What is declared as a destination: at run time a class that both addresses and refs are of."""

from __future__ import annotations

from typing import Any

from peerbus.actors import LOCAL, Actor, Bus, Destination, Message
from peerbus.actors.messages import encoding_of
from peerbus.actors.messages.exact import spelled


async def test_addresses_and_refs_are_destinations_and_nothing_else_is() -> None:
    destination: Any = Destination
    async with Bus() as bus:
        assert isinstance(bus.spawn(Actor), destination)
    assert isinstance(LOCAL / "notes", destination)
    assert not isinstance("bus://local/notes", destination)


def test_it_is_spelled_as_it_is_written() -> None:
    class Follow(Message):
        to: Destination[Any] | None

    (field,) = encoding_of(Follow).info.fields  # type: ignore[attr-defined]  # a class with fields
    assert spelled(field.type) == "Destination | None"
