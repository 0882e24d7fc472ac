"""What a worker and its node say to each other beyond the messages of reactors: two channels, one for each side.

`worker` is the name of the worker that says it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, field

from ...actors.base import (
    ActorStopped,
    DeadlineExceeded,
    MailboxFull,
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    NotAllowed,
    PeerGone,
    RemoteError,
    SchemaMismatch,
    SendError,
    ShuttingDown,
    text_of,
)
from ...actors.messages import Channel, Message, QuorumFailed, Request, Stream

__all__ = [
    "GATE",
    "WORKER",
    "AwaitRest",
    "BeginWorker",
    "EndOf",
    "EndWorker",
    "EventsOf",
    "LogLines",
    "MemberOver",
    "MemberRests",
    "OpenOut",
    "PackedItem",
    "PeerEnded",
    "SendFailure",
    "SendOut",
    "SendOutMany",
    "SentOut",
    "StreamOut",
    "Trace",
    "WantRest",
    "WorkerFigures",
    "WorkerLeaves",
    "WorkerStarted",
    "error_of_failure",
    "failure_of",
]

Text = Annotated[str, Meta(max_length=4096)]
#: The two headers of a send that is traced, and the name of the worker that has begun it.
Trace = tuple[str, str, str]


class SendFailure(Message):
    """Why a send failed, as its sender there is to see it. `remote`: a handler raised it, with this `code`."""

    code: str
    text: str
    remote: bool = False
    phase: str = ""
    never_sent: bool = False
    tried: tuple[str, ...] = ()


class SendOut(Message):
    """Send this, and say what became of it: a `SentOut`. `to` and `sender` are addresses as text; `timeout` in seconds.

    `number` and `payload` are the message on the channel of that name, whose hash is `schema`. `share`: a quorum as a
    part of those that are asked. `trace`: None where it is not traced.
    """

    to: str
    number: int
    payload: bytes
    schema: bytes
    sender: str
    timeout: float | None
    asked: bool
    hedge: float | None = None
    quorum: int | None = None
    share: float | None = None
    wait_for_peer: bool = False
    trace: Trace | None = None


class SendOutMany(Message):
    """The same for many tells, one after the other."""

    to: str
    messages: list[tuple[int, bytes]]
    schema: bytes
    sender: str
    timeout: float | None
    trace: Trace | None = None


class SentOut(Message):
    """What became of it: an answer, or those of several by their names, and errors; `count`: tells that were accepted.

    `failed`: why it failed as a whole.
    """

    answer: tuple[int, bytes] | None = None
    several: bool = False
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    errors: dict[str, SendFailure] = field(default_factory=dict)
    count: int = 0
    failed: SendFailure | None = None


class PackedItem(Message):
    """An item of a stream of a worker that its node has opened: its type number and bytes, on the channel of that.

    The last one may be none, and say how it ended: `failed`, or `answer`, which this is then.
    """

    number: int
    payload: bytes
    answer: bool = False
    failed: SendFailure | None = None


class StreamOut(Message, Request[Stream[PackedItem]]):
    """Ask for this stream, and hand on its items; as `SendOut`. `idle`: seconds for one item."""

    to: str
    number: int
    payload: bytes
    schema: bytes
    sender: str
    timeout: float | None
    idle: float
    wait_for_peer: bool = False
    trace: Trace | None = None


class OpenOut(Message, Request[Stream[PackedItem]]):
    """The same with items that go there."""

    to: str
    number: int
    payload: bytes
    schema: bytes
    sender: str
    timeout: float | None
    idle: float
    wait_for_peer: bool = False
    trace: Trace | None = None


class EndOf(Message):
    """Tell the actor `watcher` of the worker when this reactor of a peer ends; or, not `wanted`, do not."""

    worker: str
    target: str
    watcher: str
    wanted: bool = True


class PeerEnded(Message):
    """To a worker: what its actor `watcher` watches has ended."""

    target: str
    watcher: str
    reason: str


class WorkerStarted(Message):
    """The worker's reactors have started; or not, and `failed` says why."""

    worker: str
    pid: int
    failed: str = ""


class LogLines(Message):
    """Lines of the worker's log: the logger, level, time, text, and a traceback or nothing, of each."""

    worker: str
    lines: list[tuple[str, int, float, str, str]]
    dropped: int = 0


class EventsOf(Message):
    """Facts of the worker's actors, each as its kind, the actor, a text, and a number."""

    worker: str
    events: list[tuple[str, str, str, int]]


class WorkerFigures(Message):
    """A worker at one instant: bytes of memory, seconds of processor time, and its mailboxes, ledger and dead letters.

    `queued`, `sent`, `delivered`, `failed`: by channel, of its own bus. `lag`: seconds by which its loop was late.
    """

    worker: str
    pid: int
    memory: int
    cpu: float
    lag: float
    queued: dict[str, int]
    sent: dict[str, int]
    delivered: dict[str, int]
    failed: dict[str, int]
    dead_letters: dict[str, int]
    restarts: int


class WorkerLeaves(Message):
    """The worker that is elsewhere has been told to stop: it is to be ended in order."""

    worker: str


class BeginWorker(Message):
    """To a worker that is elsewhere: what one that the node has forked is told as it begins, see `WorkerSetup`."""

    setup: bytes


class MemberRests(Message):
    """The worker's actor, a member of a pool, has handled the first `handled` messages that came for it."""

    worker: str
    handled: int


class MemberOver(Message):
    """It has ended for good, while its worker goes on: and this is why."""

    worker: str
    reason: str


class WantRest(Message):
    """To a worker with a member of a pool: say when that has handled the first `handled` messages."""

    handled: int


class AwaitRest(Message):
    """To a worker: answer when nothing is under way there, or after that many seconds."""

    within: float


class EndWorker(Message):
    """To a worker: end in order, within that many seconds."""

    within: float


#: Of the node's own process.
GATE: Channel[
    SendOut
    | SendOutMany
    | StreamOut
    | OpenOut
    | PackedItem
    | EndOf
    | WorkerStarted
    | WorkerLeaves
    | LogLines
    | EventsOf
    | WorkerFigures
    | MemberRests
    | MemberOver
] = Channel(
    "peerbus.gate",
    messages=(
        SendOut,
        SendOutMany,
        StreamOut,
        OpenOut,
        PackedItem,
        EndOf,
        WorkerStarted,
        WorkerLeaves,
        LogLines,
        EventsOf,
        WorkerFigures,
        MemberRests,
        MemberOver,
    ),
    priority=64,
    mailbox=4096,
    mailbox_bytes=64 << 20,
    window_bytes=16 << 20,
    max_message=16 << 20,
    timeout=60.0,
)
#: Of a worker.
WORKER: Channel[PeerEnded | BeginWorker | WantRest | AwaitRest | EndWorker] = Channel(
    "peerbus.worker", messages=(PeerEnded, BeginWorker, WantRest, AwaitRest, EndWorker), priority=255, timeout=60.0
)

_ERRORS: dict[str, Callable[[str], SendError]] = {
    error.reason: error
    for error in (
        ActorStopped,
        MailboxFull,
        MessageTooLarge,
        MessageTypeError,
        NoRoute,
        NoSuchReactor,
        NotAllowed,
        PeerGone,
        SchemaMismatch,
        ShuttingDown,
    )
}


def failure_of(error: BaseException) -> SendFailure:
    """An error of a send as a value."""
    if isinstance(error, RemoteError):
        return SendFailure(error.code, error.text, remote=True)
    if isinstance(error, SendError):
        phase = error.phase if isinstance(error, DeadlineExceeded) else ""
        return SendFailure(error.reason, text_of(error), False, phase, error.never_sent, tuple(error.tried or ()))
    if isinstance(error, QuorumFailed):
        return SendFailure("QuorumFailed", text_of(error))
    return SendFailure(type(error).__name__, text_of(error), remote=True)


def error_of_failure(failed: SendFailure) -> SendError | RemoteError:
    """The error of it."""
    if failed.remote:
        return RemoteError(failed.code, failed.text)
    error: SendError
    if failed.phase:
        error = DeadlineExceeded(failed.text, phase=failed.phase)
    else:
        error = _ERRORS.get(failed.code, SendError)(failed.text)
        error.reason = failed.code
    error.never_sent = failed.never_sent
    error.tried = failed.tried
    return error
