"""What a send returns, and what ends it: outcomes, deadlines, waits for room, circles of waits."""

from __future__ import annotations

from .ask import AskFuture, AskWaiting
from .combined import Bridged, Gathered, LoopHost, end_abandoned
from .deadlines import DeadlineWheel, check_timeout, no_number, spent
from .deadlock import DeadlockWatch
from .future_like import HINT, FutureLike, Once, end_work
from .many import send_all
from .outcome import DELIVERED, GAVE_WAY, Delivered, FailedOutcome, GaveWay, Outcome
from .reply_future import BLOCKED, Producer, ReplyFuture
from .search import MAX_PATH, Search
from .supply import CHUNK, Supply, Within
from .thread_sends import ThreadSends
from .thread_wait import ForeignWaiting
from .tracing import Sending, TracedOutcome, Tracer, brought, followed
from .wait_graph import WaitView, waits_of
from .waiting import Waiting
from .waits import Wait

__all__ = [
    "AskFuture",
    "AskWaiting",
    "BLOCKED",
    "ThreadSends",
    "Bridged",
    "CHUNK",
    "DELIVERED",
    "DeadlineWheel",
    "DeadlockWatch",
    "Delivered",
    "FailedOutcome",
    "ForeignWaiting",
    "FutureLike",
    "Once",
    "end_work",
    "GAVE_WAY",
    "Gathered",
    "GaveWay",
    "HINT",
    "LoopHost",
    "MAX_PATH",
    "Outcome",
    "Producer",
    "ReplyFuture",
    "Sending",
    "Search",
    "Supply",
    "TracedOutcome",
    "Tracer",
    "Wait",
    "WaitView",
    "Waiting",
    "Within",
    "brought",
    "check_timeout",
    "end_abandoned",
    "followed",
    "no_number",
    "send_all",
    "spent",
    "waits_of",
]
