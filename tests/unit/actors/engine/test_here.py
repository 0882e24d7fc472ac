"""The node that messages leave: which of its actors peers can reach."""

from __future__ import annotations

from peerbus.actors import Actor, Bus, Channel, Message, Reactor, handles
from peerbus.actors.engine import Here


class Note(Message):
    text: str


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> None: ...


class Own(Notes):
    channel = Channel("own", messages=(Note,), local=True)


async def test_it_knows_its_id_its_bus_and_whom_peers_cannot_send_to() -> None:
    async with Bus(reactors=[Notes, Own]) as bus, Bus() as other:
        bus.node_id = "ab" * 32
        here = Here(bus)
        bus.spawn(Actor, name="plain")
        assert here.node_id == bus.node_id
        assert here.is_home(bus)
        assert not here.is_home(other)
        assert here.stays("notes") is None
        assert here.stays("not-there-yet") is None
        assert here.stays("plain") == "plain has no channel, so no peer can send to it: carry the address of a reactor"
        assert here.stays("own") == "the channel 'own' of own is local, so no peer can send to it"
