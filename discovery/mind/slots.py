"""How many more peers may be dialed or accepted, given those that hold a slot now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..peer import KnownPeer, PeerOptions, PeerState

__all__ = ["Slots"]


@dataclass(slots=True)
class Slots:
    """The count at one moment. A slot is kept for every peer that the operator wants, and no ordinary one may take it.

    "Ordinary" is a peer that is neither persistent nor unconditional. A dial that is out counts against new
    dials, but not against accepting: the first that comes takes the slot. Beyond `max_connected` there is
    room for `max_connected_upgrade` peers, each only while it takes the place of another.
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
        """Count the slots that these peers hold, and those kept for the operator's among them."""
        slots = cls(options)
        idle = PeerState.IDLE
        for peer in peers:
            # `peer.kept`, spelled out: everyone is looked at, and this is most of it (measured: a third).
            kept = peer.unconditional or peer.addresses.configured
            slots.reserved += kept
            if peer.state is idle:
                continue
            dialing = peer.state is PeerState.DIALING
            slots.linked += not dialing
            slots.dialing += dialing
            if not kept:
                slots.linked_ordinary += not dialing
                slots.dialing_ordinary += dialing
                slots.outgoing_ordinary += peer.outgoing
        return slots

    @property
    def ordinary(self) -> int:
        """Slots that are not kept for anybody; meaningless without a limit."""
        return (self.options.max_connected or 0) - self.reserved

    @property
    def overflow(self) -> int:
        """How many ordinary peers hold slots that are kept for others."""
        return max(0, self.linked_ordinary - self.ordinary) if self.options.max_connected is not None else 0

    def may_accept(self, *, kept: bool) -> bool:
        """Whether one more connected peer fits."""
        most = self.options.max_connected
        if most is None:
            return True
        if kept:
            # An upgrade that is not over may hold this peer's slot for a moment: the room for upgrades makes up for it.
            return self.linked < most + self.options.max_connected_upgrade
        return self.linked < most and self.linked_ordinary < self.ordinary

    def may_replace(self) -> bool:
        """Whether one more connected peer fits while it takes the place of an ordinary one."""
        extra = self.options.max_connected_upgrade
        most = self.options.max_connected
        return most is not None and self.linked < most + extra and self.linked_ordinary < self.ordinary + extra

    def may_dial(self, *, kept: bool) -> bool:
        """Whether one more dial may be handed out."""
        most, outgoing = self.options.max_connected, self.options.max_outgoing
        if most is not None and self.linked + self.dialing >= most:
            return kept and self.linked + self.dialing < most + self.options.max_connected_upgrade
        if kept:
            return True
        if most is not None and self.linked_ordinary + self.dialing_ordinary >= self.ordinary:
            return False
        return outgoing is None or self.outgoing_ordinary < outgoing

    def may_dial_to_replace(self) -> bool:
        """Whether one more dial may be handed out to a peer that takes the place of an ordinary one."""
        most, extra = self.options.max_connected, self.options.max_connected_upgrade
        if most is None or self.linked + self.dialing >= most + extra:
            return False
        return self.linked_ordinary + self.dialing_ordinary < self.ordinary + extra

    @property
    def outgoing_reserved(self) -> bool:
        """Whether we have dialed fewer than place is made for."""
        return self.outgoing_ordinary < self.options.reserved_outgoing

    @property
    def outgoing_full(self) -> bool:
        """Whether a peer that we dial can only take the place of one that we dialed."""
        outgoing = self.options.max_outgoing
        return outgoing is not None and self.outgoing_ordinary >= outgoing

    def claim(self, *, kept: bool) -> None:
        """Count a dial that is being handed out."""
        self.dialing += 1
        if not kept:
            self.dialing_ordinary += 1
            self.outgoing_ordinary += 1
