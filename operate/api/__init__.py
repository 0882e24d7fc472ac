"""What the admin API takes and tells, as values that its server and its client share; they know no HTTP."""

from __future__ import annotations

from .event_view import EventView
from .exchange import ApiAnswer, ApiError, ApiRequest, Failure, Permission, Streamed, as_json, malformed
from .lever_bodies import BanBody, DialBody, DrainBody, PartBody, ScoreBody
from .overview import ChannelView, ConnectionPage, NodeOverview
from .picture import EVERY, LATEST, SOONEST, NodePicture
from .readiness import Readiness, readiness_of
from .send_bodies import PATIENCE, AskAnswer, GroupAnswers, SendBody, Sent

__all__ = [
    "EVERY",
    "LATEST",
    "PATIENCE",
    "SOONEST",
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
    "Readiness",
    "ScoreBody",
    "SendBody",
    "Sent",
    "Streamed",
    "as_json",
    "malformed",
    "readiness_of",
]
