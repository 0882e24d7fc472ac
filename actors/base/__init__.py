"""What all else stands on: errors, logging, clocks, threads and loops and how they end."""

from __future__ import annotations

from .at_exit import finish_at_exit, finished, warn_unfinished
from .clock import date_text, keeps_another_time, wall_clock
from .current import CURRENT_BUS, OfThread, current_bus
from .error_help import HelpNotes, help_of
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
    for_future,
    refusal_of,
    shown,
    text_of,
)
from .forks import forked_error, not_in_child, refuse_calls, runs_no_more, silence
from .log import TRACE_ID, InFull, get_logger, shortened
from .loop_end import closed_with_loop, end_guard
from .node_ids import NODE_ID_PATTERN, ids_short_again, is_node_id
from .outside_text import printable
from .pace import Pace
from .pickled import Crossing, copied, packed, unpacked
from .plain_file import NoFile, opened_file
from .plug_ins import BuiltIn, Installed, PlugIns, blamed
from .spelling import did_you_mean, nearest, spelled
from .stop_flag import StopFlag
from .tasks import forget_task, new_task
from .thread_end import ENDED, bind_to_thread

__all__ = [
    "TRACE_ID",
    "NODE_ID_PATTERN",
    "ids_short_again",
    "is_node_id",
    "ActorStopped",
    "BuiltIn",
    "HelpNotes",
    "Installed",
    "PlugIns",
    "CURRENT_BUS",
    "ConfigError",
    "Crossing",
    "packed",
    "printable",
    "unpacked",
    "DeadlineExceeded",
    "Deadlock",
    "DialFailed",
    "ENDED",
    "HandshakeFailed",
    "InFull",
    "ListenFailed",
    "MailboxFull",
    "MessageTooLarge",
    "MessageTypeError",
    "NoFile",
    "NoRoute",
    "NoSuchReactor",
    "NotAllowed",
    "OfThread",
    "Pace",
    "PeerGone",
    "PeerbusError",
    "ProcessForked",
    "ProtocolError",
    "RemoteError",
    "SchemaMismatch",
    "SendError",
    "ShuttingDown",
    "StopFlag",
    "StreamBroken",
    "StreamClosed",
    "TransportError",
    "WouldDeadlock",
    "bind_to_thread",
    "blamed",
    "closed_with_loop",
    "copied",
    "current_bus",
    "did_you_mean",
    "end_guard",
    "finish_at_exit",
    "finished",
    "help_of",
    "for_future",
    "forget_task",
    "forked_error",
    "get_logger",
    "keeps_another_time",
    "nearest",
    "new_task",
    "not_in_child",
    "opened_file",
    "refuse_calls",
    "runs_no_more",
    "shortened",
    "refusal_of",
    "shown",
    "text_of",
    "silence",
    "spelled",
    "date_text",
    "wall_clock",
    "warn_unfinished",
]
