"""What members of a network with an authority tell each other: a new certificate, and what was revoked.

Law 1. A peer has the credit for a word back when the keeper is done with it, and the keeper has one such word at a
       time: whatever a peer says, the operator's word is next, and another peer's behind a window of its own at most.
Law 2. What a peer may say costs a bounded share of the node, as a list that is old has to be read to be known as one.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from ...actors.base import SendError
from ...actors.engine import Ending, handles
from ...actors.messages import Address, Channel, Rate
from ...actors.reactor import Reactor
from ...transports.admission import MAX_CERTIFICATE, MAX_LIST

__all__ = ["CertificateShown", "Heard", "ListShown", "NetworkTalk"]


@dataclass(frozen=True, slots=True)
class CertificateShown:
    """To a peer: this node has a new certificate, in DER, that takes the place of the one that it showed before."""

    certificate: Annotated[bytes, Meta(max_length=MAX_CERTIFICATE)]


@dataclass(frozen=True, slots=True)
class ListShown:
    """To a peer: these certificates are revoked, as an authority has signed it; in DER (RFC 5280 §5)."""

    revoked: Annotated[bytes, Meta(max_length=MAX_LIST)]


@dataclass(frozen=True, slots=True)
class Heard:
    """On this node: the peer of that id, which its connection has proven, said this. Whether it was news answers."""

    node_id: str
    message: CertificateShown | ListShown


#: Of each peer: a certificate is renewed every few days, and what is revoked comes in one list of each authority. Those
#: of two authorities, as long as they may be, pass at once, and take 4 ms each to read.
RATE = Rate(messages=10, messages_burst=16, bytes=MAX_LIST // 2, bytes_burst=2 * MAX_LIST)
#: Seconds that the keeper may take for one word; it does nothing that waits.
KEEPER_WITHIN = 10.0


class NetworkTalk(Reactor):
    """Takes what peers say, and hands it to the `keeper` of this node's rules, which knows what counts."""

    channel = Channel(
        "peerbus.network",
        messages=(CertificateShown, ListShown),
        priority=20,
        window=4,
        window_bytes=2 * MAX_LIST,
        max_message=MAX_LIST + 1024,
        rate=RATE,
    )
    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(self, keeper: Address[object]) -> None:
        super().__init__()
        self._keeper = keeper

    @handles(CertificateShown, ListShown)
    async def _heard(self, message: CertificateShown | ListShown) -> None:
        envelope = self._cell.handling()
        source = None if envelope is None else envelope.source
        if isinstance(source, str):
            with contextlib.suppress(SendError):  # it ends: whoever connects anew is told anew
                await self.ask(self._keeper, Heard(source, message), reply=bool, timeout=KEEPER_WITHIN)
