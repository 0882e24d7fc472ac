"""What whoever runs a node sees of it and may do to it: its picture, what happened, who waits, and the levers."""

from __future__ import annotations

from .event_history import EVENT_KINDS, ActorFailure, EventHistory, EventReader, Happened, LostMessage
from .inspector import INSPECTOR, GetEvents, GetSnapshot, GetWaits, Inspector
from .snapshot import NodeSnapshot
from .streams import StreamsView
from .views import NodeViews

__all__ = [
    "EVENT_KINDS",
    "INSPECTOR",
    "ActorFailure",
    "EventHistory",
    "EventReader",
    "GetEvents",
    "GetSnapshot",
    "GetWaits",
    "Happened",
    "Inspector",
    "LostMessage",
    "NodeSnapshot",
    "NodeViews",
    "StreamsView",
]
