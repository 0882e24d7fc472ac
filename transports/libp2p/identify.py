"""`/ipfs/id/1.0.0` (libp2p specs/identify): what a host says of itself, to whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ... import __version__
from ...actors.base import printable
from .multiaddr import unpack_multiaddr
from .peer_ids import pack_public_key
from .protobuf import field, read_fields

__all__ = ["IDENTIFY", "MAX_IDENTIFY", "Identified", "describe"]

IDENTIFY: Final = "/ipfs/id/1.0.0"
#: Bytes of the message, as in go-libp2p.
MAX_IDENTIFY: Final = 8192
#: `message Identify`.
_PUBLIC_KEY, _LISTEN, _PROTOCOLS, _OBSERVED, _VERSION, _AGENT = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Identified:
    """What a host has said of itself; nobody vouches for it. Addresses that this version cannot read are left out."""

    agent: str = ""
    version: str = ""
    protocols: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    observed: str = ""

    @classmethod
    def parse(cls, message: bytes) -> Identified:
        """Read what the other side sent. Raises ValueError."""
        fields = read_fields(message)
        addresses = map(_address, fields.strings(_LISTEN))
        return cls(
            agent=_text(fields.string(_AGENT)),
            version=_text(fields.string(_VERSION)),
            protocols=tuple(map(_text, fields.strings(_PROTOCOLS))),
            addresses=tuple(address for address in addresses if address),
            observed=_address(fields.string(_OBSERVED) or b""),
        )


def describe(raw: bytes, *, protocols: Iterable[str], addresses: Iterable[bytes] = (), observed: bytes = b"") -> bytes:
    """What this node says of itself. `raw`: its key; packed: where it listens, and where it sees the asker."""
    return b"".join(
        (
            field(_VERSION, b"peerbus/1"),
            field(_AGENT, f"peerbus/{__version__}".encode()),
            field(_PUBLIC_KEY, pack_public_key(raw)),
            *(field(_LISTEN, address) for address in addresses),
            *(field(_OBSERVED, observed) for _ in range(bool(observed))),
            *(field(_PROTOCOLS, protocol.encode()) for protocol in protocols),
        )
    )


def _text(said: bytes | None) -> str:
    return printable((said or b"").decode(errors="replace"))


def _address(packed: bytes) -> str:
    try:
        return unpack_multiaddr(packed) if packed else ""
    except ValueError:
        return ""
