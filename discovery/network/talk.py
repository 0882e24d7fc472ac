"""What members of a network with an authority tell each other: a new certificate, and what was revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

from msgspec import Meta

from ...actors.engine import Ending, handles
from ...actors.messages import Channel
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
    """On this node: the peer of that id, which its connection has proven, said this."""

    node_id: str
    message: CertificateShown | ListShown


class Tells(Protocol):
    """The ref of an actor, as far as it is needed here."""

    def tell(self, message: object, /) -> object:
        """Tell it something."""


class NetworkTalk(Reactor):
    """Takes what peers say, and hands it to the `keeper` of this node's rules, which knows what counts."""

    channel = Channel(
        "peerbus.network",
        messages=(CertificateShown, ListShown),
        priority=20,
        window=4,
        window_bytes=2 * MAX_LIST,
        max_message=MAX_LIST + 1024,
    )
    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(self, keeper: Tells) -> None:
        super().__init__()
        self._keeper = keeper

    @handles(CertificateShown, ListShown)
    def _heard(self, message: CertificateShown | ListShown) -> None:
        envelope = self._cell.handling()
        source = None if envelope is None else envelope.source
        if isinstance(source, str):
            self._keeper.tell(Heard(source, message))
