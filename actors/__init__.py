"""Actors, reactors and the bus of one process: mailboxes, addresses, sends with deadlines, supervision."""

from __future__ import annotations

from .actor import Actor
from .address import EVERYONE, LOCAL, Address, Everyone, GroupAddress, Local, Peer, Role, parse_address
from .bus import Bus, BusStatistics
from .capability import Capability
from .carrier import Link
from .channel import Channel, Overflow
from .ending import Ending
from .errors import (
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
from .event_stream import Subscription
from .events import (
    ActorFailed,
    ActorRestarted,
    ActorStarted,
    ActorTerminated,
    DeadLetter,
    ShutdownStarted,
    Terminated,
)
from .handlers import handles
from .ledger import Account, Ledger
from .mailbox import MailboxStatistics
from .message import Message
from .outcome import Outcome
from .picks import Key, Several, Share
from .reactor import Reactor
from .ref import Ref
from .reply_future import ReplyFuture
from .request import Request
from .results import QuorumFailed, Results
from .supervision import Directive, Supervision
from .timers import Timer
from .where import Condition, Where

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
    "Bus",
    "BusStatistics",
    "Capability",
    "Channel",
    "Condition",
    "ConfigError",
    "DeadLetter",
    "DeadlineExceeded",
    "Deadlock",
    "DialFailed",
    "Directive",
    "Ending",
    "Everyone",
    "GroupAddress",
    "HandshakeFailed",
    "Key",
    "Ledger",
    "Link",
    "ListenFailed",
    "Local",
    "MailboxFull",
    "MailboxStatistics",
    "Message",
    "MessageTooLarge",
    "MessageTypeError",
    "NoRoute",
    "NoSuchReactor",
    "Outcome",
    "Overflow",
    "Peer",
    "PeerGone",
    "PeerbusError",
    "ProcessForked",
    "ProtocolError",
    "QuorumFailed",
    "Reactor",
    "Ref",
    "RemoteError",
    "ReplyFuture",
    "Request",
    "Results",
    "Role",
    "SchemaMismatch",
    "SendError",
    "Several",
    "Share",
    "ShutdownStarted",
    "ShuttingDown",
    "StreamBroken",
    "StreamClosed",
    "Subscription",
    "Supervision",
    "Terminated",
    "Timer",
    "TransportError",
    "Where",
    "WouldDeadlock",
    "handles",
    "parse_address",
]
