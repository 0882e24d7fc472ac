"""What the admin API takes and tells, as values that its server and its client share; they know no HTTP."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .event_view import EventView
from .exchange import ApiAnswer, ApiError, ApiRequest, Failure, Permission, Streamed, as_json, malformed
from .lever_bodies import BanBody, DialBody, DrainBody, PartBody, RevokeBody, ScoreBody, SizeBody
from .pace import EVERY, LATEST, SOONEST
from .readiness import Readiness, readiness_of
from .rule_bodies import AllowBody, PermissionsBody, RateBody, RatesBody
from .send_bodies import PATIENCE, AskAnswer, GroupAnswers, SendBody, Sent

if TYPE_CHECKING:
    from .overview import ChannelView, ConnectionPage, NodeOverview
    from .picture import NodePicture

__all__ = [
    "EVERY",
    "LATEST",
    "PATIENCE",
    "SOONEST",
    "AllowBody",
    "ApiAnswer",
    "ApiError",
    "ApiRequest",
    "AskAnswer",
    "BanBody",
    "ChannelView",
    "ConnectionPage",
    "DialBody",
    "DrainBody",
    "EventView",
    "Failure",
    "GroupAnswers",
    "NodeOverview",
    "NodePicture",
    "PartBody",
    "Permission",
    "PermissionsBody",
    "RateBody",
    "RatesBody",
    "Readiness",
    "RevokeBody",
    "ScoreBody",
    "SendBody",
    "Sent",
    "SizeBody",
    "Streamed",
    "as_json",
    "malformed",
    "readiness_of",
]

#: In which module those are that consist of what a node is made of.
_PLACES = {"NodePicture": "picture", **dict.fromkeys(("ChannelView", "ConnectionPage", "NodeOverview"), "overview")}


def __getattr__(name: str) -> object:
    # Lazy (PEP 562): a command that looks at a node reads what it shows, and imports no node for it.
    if name in _PLACES:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
