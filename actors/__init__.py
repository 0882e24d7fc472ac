"""Actors, reactors and the bus of one process: mailboxes, addresses, sends with deadlines, supervision."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .actor import Actor
    from .base import (
        ActorStopped,
        ConfigError,
        DeadlineExceeded,
        Deadlock,
        DialFailed,
        HandshakeFailed,
        ListenFailed,
        MailboxFull,
        MessageTooLarge,
        MessageTypeError,
        NoRoute,
        NoSuchReactor,
        NotAllowed,
        PeerbusError,
        PeerGone,
        ProcessForked,
        ProtocolError,
        RemoteError,
        SchemaMismatch,
        SendError,
        ShuttingDown,
        StreamBroken,
        StreamClosed,
        TransportError,
        WouldDeadlock,
    )
    from .bus import Bus
    from .bus_statistics import BusStatistics, ChannelLoad
    from .engine import BlockingView, Ending, Ref, Timer, check_cancelled, handles, wait_cancelled
    from .event_stream import Subscription
    from .mailbox import Account, Ledger, MailboxStatistics
    from .messages import (
        EVERYONE,
        LOCAL,
        ActorFailed,
        ActorRestarted,
        ActorStarted,
        ActorTerminated,
        Address,
        Capability,
        Channel,
        ChannelTuning,
        Condition,
        DeadLetter,
        Destination,
        Directive,
        Everyone,
        FailedOver,
        GroupAddress,
        HandlerStalled,
        Key,
        Local,
        Message,
        Overflow,
        Peer,
        PoolResized,
        QuorumFailed,
        Rate,
        Request,
        Results,
        Retained,
        Role,
        Several,
        Share,
        ShutdownStarted,
        Stream,
        Supervision,
        Terminated,
        Where,
        parse_address,
    )
    from .pool_view import MemberView, PoolView
    from .pools import Pool, ResizePool, Resizer
    from .reactor import Reactor
    from .routing import Link
    from .sends import Outcome, ReplyFuture, WaitView
    from .streams import OpenStream

__all__ = [
    "EVERYONE",
    "LOCAL",
    "Account",
    "Actor",
    "ActorFailed",
    "ActorRestarted",
    "ActorStarted",
    "ActorStopped",
    "ActorTerminated",
    "Address",
    "BlockingView",
    "Bus",
    "BusStatistics",
    "Capability",
    "Channel",
    "ChannelLoad",
    "ChannelTuning",
    "Condition",
    "ConfigError",
    "DeadLetter",
    "DeadlineExceeded",
    "Deadlock",
    "Destination",
    "DialFailed",
    "Directive",
    "Ending",
    "Everyone",
    "FailedOver",
    "GroupAddress",
    "HandlerStalled",
    "HandshakeFailed",
    "Key",
    "Ledger",
    "Link",
    "ListenFailed",
    "Local",
    "MailboxFull",
    "MailboxStatistics",
    "MemberView",
    "Message",
    "MessageTooLarge",
    "MessageTypeError",
    "NoRoute",
    "NoSuchReactor",
    "NotAllowed",
    "OpenStream",
    "Outcome",
    "Overflow",
    "Peer",
    "PeerGone",
    "PeerbusError",
    "Pool",
    "PoolResized",
    "PoolView",
    "ProcessForked",
    "ProtocolError",
    "QuorumFailed",
    "Rate",
    "Reactor",
    "Ref",
    "RemoteError",
    "ReplyFuture",
    "Request",
    "ResizePool",
    "Resizer",
    "Results",
    "Retained",
    "Role",
    "SchemaMismatch",
    "SendError",
    "Several",
    "Share",
    "ShutdownStarted",
    "ShuttingDown",
    "Stream",
    "StreamBroken",
    "StreamClosed",
    "Subscription",
    "Supervision",
    "Terminated",
    "Timer",
    "TransportError",
    "WaitView",
    "Where",
    "WouldDeadlock",
    "check_cancelled",
    "handles",
    "parse_address",
    "wait_cancelled",
]

#: Where they are, the lowest first.
_ROOMS = (
    "base",
    "messages",
    "mailbox",
    "sends",
    "engine",
    "streams",
    "routing",
    "event_stream",
    "pool_view",
    "bus_statistics",
    "actor",
    "reactor",
    "bus",
    "pools",
)


def __getattr__(name: str) -> object:
    # Lazy (PEP 562): `peerbus status` needs the errors and the log, and no engine.
    if name in __all__:
        for room in _ROOMS:
            module = import_module(f".{room}", __name__)
            if name in module.__all__:
                found = globals()[name] = getattr(module, name)
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
