"""What a send returns, and what ends it: outcomes, deadlines, waits for room, circles of waits."""

from __future__ import annotations

from .combined import Bridged, Gathered, LoopHost
from .deadlines import DeadlineWheel, no_number, spent
from .deadlock import MAX_PATH, DeadlockWatch, Search, Wait
from .future_like import HINT, FutureLike
from .outcome import DELIVERED, GAVE_WAY, AskFuture, AskWaiting, Failed, Outcome, Waiting
from .reply_future import BLOCKED, ReplyFuture
from .thread_wait import ForeignWaiting

__all__ = [
    "AskFuture",
    "AskWaiting",
    "BLOCKED",
    "Bridged",
    "DELIVERED",
    "DeadlineWheel",
    "DeadlockWatch",
    "Failed",
    "ForeignWaiting",
    "FutureLike",
    "GAVE_WAY",
    "Gathered",
    "HINT",
    "LoopHost",
    "MAX_PATH",
    "Outcome",
    "ReplyFuture",
    "Search",
    "Wait",
    "Waiting",
    "no_number",
    "spent",
]
