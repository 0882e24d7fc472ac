"""How many more peers may be dialed or accepted, given those that hold a slot now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .known_peer import KnownPeer
from .lifecycle import PeerState
from .options import PeerOptions

__all__ = ["Slots"]


@dataclass(slots=True)
class Slots:
    """The count at one moment. Every persistent peer has a slot that no ordinary peer may take.

    "Ordinary" is a peer that the operator did not configure. A dial that is out counts against new
    dials, but not against accepting: whoever is there first takes the slot.
    """

    options: PeerOptions
    reserved: int = 0
    linked: int = 0
    linked_ordinary: int = 0
    dialing: int = 0
    dialing_ordinary: int = 0
    outgoing_ordinary: int = 0

    @classmethod
    def count(cls, peers: Iterable[KnownPeer], options: PeerOptions) -> Slots:
        """Count the slots that these peers hold, and those kept for the persistent among them."""
        slots = cls(options)
        for peer in peers:
            persistent = peer.persistent
            slots.reserved += persistent
            if peer.state is PeerState.IDLE:
                continue
            slots.linked += peer.linked
            slots.dialing += peer.state is PeerState.DIALING
            if not persistent:
                slots.linked_ordinary += peer.linked
                slots.dialing_ordinary += peer.state is PeerState.DIALING
                slots.outgoing_ordinary += peer.outgoing
        return slots

    def may_accept(self, *, persistent: bool) -> bool:
        """Whether one more connected peer fits."""
        most = self.options.max_connected
        if not most:
            return True
        return self.linked < most and (persistent or self.linked_ordinary < most - self.reserved)

    def may_dial(self, *, persistent: bool) -> bool:
        """Whether one more dial may be handed out."""
        most, outgoing = self.options.max_connected, self.options.max_outgoing
        if most and self.linked + self.dialing >= most:
            return False
        if persistent:
            return True
        if most and self.linked_ordinary + self.dialing_ordinary >= most - self.reserved:
            return False
        return not outgoing or self.outgoing_ordinary < outgoing

    def claim(self, *, persistent: bool) -> None:
        """Count a dial that is being handed out."""
        self.dialing += 1
        if not persistent:
            self.dialing_ordinary += 1
            self.outgoing_ordinary += 1
