"""Two nodes of a simulation that keep notes."""

from __future__ import annotations

from dataclasses import dataclass

from peerbus.actors import Channel, Reactor, handles
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.testing import Simulation

__all__ = ["OPTIONS", "Note", "Notes", "two"]

OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=1.0, max_retry_persistent=1.0)


@dataclass(frozen=True)
class Note:
    number: int


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    @handles(Note)
    def keep(self, note: Note) -> int:
        self.kept.append(note.number)
        return note.number


async def two(sim: Simulation, *, discover: bool = True) -> tuple[Node, Node]:
    """Alice and bob, connected."""
    alice = await sim.node("alice", reactors=[Notes], options=OPTIONS, discover=discover)
    bob = await sim.node(
        "bob", reactors=[Notes], options=OPTIONS, discover=discover, peers=() if discover else ["alice"]
    )
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    return alice, bob
