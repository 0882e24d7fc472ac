"""A network that is not open, while it runs: its rules change, certificates are renewed, expire and are revoked."""

from __future__ import annotations

from .keeper import KEEPER_ACTOR, NetworkKeeper, SetRules, TakeList
from .talk import NetworkTalk

__all__ = [
    "KEEPER_ACTOR",
    "NetworkKeeper",
    "NetworkTalk",
    "SetRules",
    "TakeList",
]
