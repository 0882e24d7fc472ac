"""A tell on its way: whom it reaches, and who its sender is there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Bus,
    Capability,
    Channel,
    DeadlineExceeded,
    Peer,
    Reactor,
    Role,
    handles,
)
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Note:
    text: str


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, object]] = []

    @handles(Note)
    def take(self, note: Note, sender: object) -> None:
        self.got.append((note.text, sender))


def got_by(bus: Bus) -> list[tuple[str, object]]:
    """What its reactor has got: text and sender."""
    actor = bus.cell("notes").actor  # type: ignore[union-attr]  # it runs
    assert isinstance(actor, Notes)
    return actor.got


class Teller(Actor):
    async def on_receive(self, message: Any) -> None:
        await self.tell(message, Note("told"))


async def test_the_sender_is_known_on_its_own_bus_only() -> None:
    async with Bus("here") as bus, Bus("there") as other:
        teller = bus.spawn(Teller, name="teller")
        for there in (bus, other):
            notes = there.spawn(Notes)
            await bus.ask(teller, notes)
            await there.ask(LOCAL / Notes, Note("asked"))
            assert got_by(there) == [("told", LOCAL / "teller" if there is bus else None), ("asked", None)]


async def test_one_of_a_role_all_of_it_and_everyone_are_told() -> None:
    async with Bus(reactors=[Notes]) as bus, PeerProbe(bus, reactors=[Notes], roles={"writer"}) as peer:
        await bus.tell(Role("writer") / Notes, Note("one"))
        bus.offer([Capability("writer")])
        assert dict(await bus.tell(Role("writer", "all") / Notes, Note("all"))) == {"local": None, peer.id: None}
        assert dict(await bus.tell(EVERYONE / Notes, Note("everyone"))) == {peer.id: None}
        assert [one.message for one in peer.received] == [Note("one"), Note("all"), Note("everyone")]
        await bus.ask(LOCAL / Notes, Note("now"))
        assert got_by(bus) == [("all", None), ("now", None)]


async def test_no_time_at_all_is_enough_where_there_is_room_and_less_is_too_late_for_a_peer() -> None:
    async with Bus() as bus, PeerProbe(bus, reactors=[Notes]) as peer:
        await bus.tell(Peer(peer.id) / Notes, Note("now"), timeout=0)
        with pytest.raises(DeadlineExceeded):
            await bus.tell(Peer(peer.id) / Notes, Note("before"), timeout=-1)
        assert [one.message for one in peer.received] == [Note("now")]


async def test_a_tell_waits_for_one_who_answers_where_it_says_so() -> None:
    async with Bus() as bus:
        telling = asyncio.ensure_future(_awaited(bus, "waits"))
        await asyncio.sleep(0.1)
        assert not telling.done()
        bus.spawn(Notes)
        await telling
        await bus.ask(LOCAL / Notes, Note("asked"))
        assert got_by(bus) == [("waits", None), ("asked", None)]


async def _awaited(bus: Bus, text: str) -> None:
    await bus.tell(LOCAL / Notes, Note(text), wait_for_peer=True, timeout=60)
