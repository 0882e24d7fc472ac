"""What the API takes with a lever."""

from __future__ import annotations

import msgspec

__all__ = ["BanBody", "DialBody", "DrainBody", "PartBody", "RevokeBody", "ScoreBody", "SizeBody"]


class DialBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint to keep a connection to, or the id of a known peer to be dialed at once."""

    to: str


class BanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long, None: for ever; and why."""

    seconds: float | None = None
    reason: str = "operator"


class PartBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason that the peer is told."""

    reason: str = "operator"


class RevokeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of revoked certificates, as `peerbus ca revoke` writes it: PEM."""

    revoked: str


class ScoreBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rank that the peer has from now on."""

    score: float


class DrainBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds that what is under way with peers may take."""

    within: float = 5.0


class SizeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many members the pool has from now on."""

    members: int
