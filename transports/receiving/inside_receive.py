"""The receiving half of a connection between two processes of one node: whoever sends is of this node, or its peer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...actors.base import ProtocolError
from ...actors.messages import LOCAL, Address, parse_address
from ..lanes import Outbox, WindowShare, Writer
from ..wire import FIRST_STRANGER, Codecs, Hello, ProbeFrame, SenderFrame
from .probed import probe
from .receive_side import ReceiveSide

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["InsideReceiveSide"]


class InsideReceiveSide(ReceiveSide):
    """See the module. While the node ends its actors go on sending to each other, whichever process they are in."""

    def __init__(
        self,
        bus: Bus,
        own: Hello,
        peer: Hello,
        codecs: Codecs,
        outbox: Outbox,
        writer: Writer,
        share: WindowShare | None = None,
    ) -> None:
        super().__init__(bus, own, peer, codecs, outbox, writer, share)
        self.inside = self.streams.inside = True
        self._own_id = bus.node_id
        self._known = 0
        self._senders: list[Address[object] | None] = [None] * FIRST_STRANGER
        for channel in peer.channels:
            self.add_sender(channel.name)

    def probed(self, frame: ProbeFrame) -> None:
        """As `ReceiveSide.probed`, for this node."""
        probe(self._bus, self._lane(frame.channel), self._served.get(frame.rid), frame, self._own_id, "")

    def add_sender(self, name: str) -> None:
        """The other process has a reactor more."""
        self._known += 1
        self._senders[self._known] = Address(LOCAL, name)

    def introduced(self, frame: SenderFrame) -> None:
        """A number stands for a sender that is neither here nor there. Raises ProtocolError."""
        if frame.number != len(self._senders):
            raise ProtocolError("bad_field", f"sender {frame.number}, the next one is {len(self._senders)}")
        try:
            address = parse_address(frame.address)
        except ValueError as error:
            raise ProtocolError("bad_field", str(error)) from error
        if not isinstance(address, Address):
            raise ProtocolError("bad_field", f"{frame.address} is no sender")
        self._senders.append(address)
