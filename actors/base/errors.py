"""Every error of the bus, in one tree.

PeerbusError
├── SendError                a message did not arrive; carries it back as `.message`
│   ├── MailboxFull          the receiver's mailbox had no room and its policy is not to wait
│   ├── DeadlineExceeded     time ran out; `.phase` names the queue that spent it
│   ├── NoRoute              no connected peer answers to that address
│   ├── PeerGone             the connection ended while the message was on its way
│   ├── NoSuchReactor        that node runs no reactor of this name
│   ├── MessageTypeError     the channel does not declare this type, or the fields do not fit
│   ├── MessageTooLarge      the encoded message is above the channel's limit
│   ├── NotAllowed           the peer's operator lets this node not send it there
│   ├── SchemaMismatch       both nodes have the channel, but not the same message types
│   ├── ActorStopped         the receiver stopped before it handled the message
│   ├── Deadlock             sends wait for each other in a circle; `.cycle` names the actors
│   ├── ProcessForked        it runs in the parent of this process, not in this child of a fork
│   └── ShuttingDown         this node, or the other one, takes no new work
├── QuorumFailed             too few of several receivers answered; `.results` has what there is
├── RemoteError              the receiver's handler failed, or refused: `.code`, `.text`
├── WouldDeadlock            a blocking wait on the very thread that would have to end it
├── TransportError           a stream or a listener failed
│   ├── StreamClosed         you closed it
│   ├── StreamBroken         the network or the other side did; see `__cause__`
│   ├── DialFailed           no stream could be opened
│   └── ListenFailed         the endpoint cannot be listened on
├── ProtocolError            the other side broke the wire protocol; its connection is closed
├── HandshakeFailed          the two sides did not agree; `.reason` says on what
└── ConfigError              a configuration names something that is not there or not right
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pykka

from .error_help import HelpNotes, help_of
from .node_ids import ids_short_again
from .pickled import Reduced, copied, reduced

__all__ = [
    "ActorStopped",
    "ConfigError",
    "DeadlineExceeded",
    "Deadlock",
    "DialFailed",
    "HandshakeFailed",
    "ListenFailed",
    "MailboxFull",
    "MessageTooLarge",
    "MessageTypeError",
    "NoRoute",
    "NoSuchReactor",
    "NotAllowed",
    "PeerGone",
    "PeerbusError",
    "ProcessForked",
    "ProtocolError",
    "RemoteError",
    "SchemaMismatch",
    "SendError",
    "ShuttingDown",
    "StreamBroken",
    "StreamClosed",
    "TransportError",
    "WouldDeadlock",
    "for_future",
    "refusal_of",
    "shown",
    "text_of",
]


class PeerbusError(Exception):
    """Root of every error that the bus raises on purpose.

    Pickled or copied it keeps all that it carries, its cause too; see `peerbus.actors.base.pickled`. Its traceback ends
    with `help`, the command that says what to do.
    """

    if not TYPE_CHECKING:  # to whom it is what it is for every error: a list
        __notes__ = HelpNotes()

    @property
    def help(self) -> str:
        """The command that says what this error means, and what to do about it: `peerbus explain NoRoute`."""
        return help_of(self)

    def __reduce__(self) -> Reduced:
        return reduced(self, RemoteError)

    def __copy__(self) -> Self:
        return copied(self)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return copied(self, memo)


class SendError(PeerbusError):
    """A message did not reach its receiver. `message` is that message, where it is still at hand."""

    #: Short name of the reason, as the ledger, dead letters and logs count it.
    reason = "failed"
    #: The message certainly never left this node, or was refused unseen: a second send does nothing twice.
    never_sent = False
    #: It is a dead letter already, and is none again where nobody looks at it.
    in_dead_letters = False
    #: Of a send to one of a role: those that were tried, one after the other: node ids, `local` for this node.
    tried: tuple[str, ...] = ()
    #: Of a stream: how many items had arrived.
    items: int | None = None
    #: Of a `tell_many`: how many messages were accepted before the one that it stopped at, which is `message`.
    accepted: int | None = None

    def __init__(self, text: str, *, message: object = None) -> None:
        super().__init__(text)
        self.message = message

    def __str__(self) -> str:
        text = super().__str__()
        if self.accepted is not None:
            text = f"{text} (message {self.accepted} of a tell_many, counted from 0: those before it were accepted)"
        if self.items is not None:
            text = f"{text} (after {self.items} items of the stream)"
        return ids_short_again(f"{text} (tried: {', '.join(self.tried)})") if self.tried else text


class MailboxFull(SendError):
    """The receiver's mailbox had no room, and its overflow policy is not to wait."""

    reason = "mailbox_full"


class DeadlineExceeded(SendError, TimeoutError):
    """The send's time ran out. `phase` names where: `mailbox`, `credit`, `writer`, `reply`, …"""

    def __init__(self, text: str, *, phase: str, message: object = None) -> None:
        super().__init__(text, message=message)
        self.phase = phase

    @property
    def reason(self) -> str:  # type: ignore[override]  # the phase is part of the reason
        """`deadline_` and the phase."""
        return f"deadline_{self.phase}"


class NoRoute(SendError):
    """No connected peer answers to that address."""

    reason = "no_route"


class PeerGone(SendError):
    """The connection to the peer ended while the message was on its way: it may have arrived or not."""

    reason = "peer_gone"


class NoSuchReactor(SendError):
    """The addressed node runs no reactor of that name."""

    reason = "no_such_reactor"


class MessageTypeError(SendError, TypeError):
    """The channel does not declare a message of this type, or its fields do not have their types."""

    reason = "message_type"


class MessageTooLarge(SendError):
    """The encoded message is larger than the channel allows."""

    reason = "too_large"


class NotAllowed(SendError):
    """The peer's operator does not let this node tell, or ask, on that channel: see `Permissions`."""

    reason = "not_allowed"


class SchemaMismatch(SendError):
    """Both nodes have the channel, but they do not declare the same messages."""

    reason = "schema_mismatch"


class ActorStopped(SendError, pykka.ActorDeadError):
    """The receiver had stopped, or stopped before it handled the message."""

    reason = "actor_stopped"


class Deadlock(SendError):
    """Sends wait for each other in a circle, which nothing but their deadlines would end; this one was chosen to fail.

    `cycle` are the addresses of the actors, the first one again at the end: each awaits an answer of the next, or
    room in its mailbox, and takes no message meanwhile. Send without awaiting (`tell`), or declare the handler that
    awaits as `reentrant`.
    """

    reason = "deadlock"

    def __init__(self, cycle: tuple[str, ...], *, message: object = None) -> None:
        super().__init__(
            f"these wait for each other: {' → '.join(cycle)}; let one tell instead of ask, or handle reentrantly",
            message=message,
        )
        self.cycle = cycle


class ProcessForked(SendError):
    """The bus runs in the parent of this process only. Every call of it, its node and its refs in the child raises it.

    Threads and event loops do not come along into a child that `os.fork()` makes (or `multiprocessing`, by `fork`).
    """

    reason = "process_forked"
    never_sent = True


class ShuttingDown(SendError):
    """This node, or the other one, is shutting down, or has ended, and takes no new work."""

    reason = "shutting_down"


def shown(error: BaseException) -> str:
    """The `repr` of what user code raised; its class, where that raises as well."""
    try:
        return repr(error)
    except Exception:  # noqa: BLE001  # as said
        return f"{type(error).__name__}(no text: its repr fails)"


def text_of(error: BaseException) -> str:
    """The `str` of what user code raised, whatever its class makes of that; its `repr`, where it raises."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # else it ended the turn of the actor that failed, and nobody was answered
        return shown(error)


def refusal_of(error: BaseException) -> tuple[str, str]:
    """Code and text of what a handler raised, as they travel: both are text, whatever a class of its own made of them.

    A subclass of RemoteError whose constructor does not set them is named by its class, as any other exception.
    """
    try:
        refusal = RemoteError.of(error)
        return str(refusal.code), str(refusal.text or "")
    except Exception:  # noqa: BLE001  # as above
        return type(error).__name__, text_of(error)


def for_future(error: BaseException) -> Exception:
    """What user code raised, as something that a future can hold and that ends whoever awaits it in order.

    A future refuses StopIteration, and a task that is handed CancelledError, SystemExit or KeyboardInterrupt ends, or
    ends its loop: these, and whatever else is no Exception, come as the `__cause__` of a PeerbusError.
    """
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = PeerbusError(f"{type(error).__name__} was raised: {shown(error)}")
    wrapped.__cause__ = error
    return wrapped


class RemoteError(PeerbusError):
    """The handler that was asked failed or refused. Raise it in a handler to refuse with a code.

    `code` is a short word for programs (`not_found`, or the exception's class name), `text` is for people.
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text

    @classmethod
    def of(cls, error: BaseException) -> RemoteError:
        """What the asker sees of an exception that a handler raised; a RemoteError is passed on as it is."""
        if isinstance(error, RemoteError) and not isinstance(error, StopIteration):  # which no future takes
            return error
        wrapped = cls(type(error).__name__, text_of(error))
        wrapped.__cause__ = error
        return wrapped


class WouldDeadlock(PeerbusError):
    """A blocking wait was called on the event-loop thread that would have to end it: use `await`."""


class TransportError(PeerbusError):
    """A stream or a listener failed."""


class StreamClosed(TransportError):
    """The stream was used after it was closed on this side."""


class StreamBroken(TransportError):
    """The network or the other side ended the stream; `__cause__` has the system's error, if any."""


class DialFailed(TransportError):
    """No stream to that endpoint could be opened."""


class ListenFailed(TransportError):
    """The endpoint cannot be listened on."""


class ProtocolError(PeerbusError):
    """The other side broke the wire protocol. Its connection is closed with `reason`, a short word."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason
        self.text = text


class HandshakeFailed(PeerbusError):
    """The two sides did not agree to talk. `reason` is a short word; `by_peer`: the other side refused.

    `records`: the signed records of other nodes that a peer which is full has named, unchecked.
    """

    def __init__(self, reason: str, text: str = "", *, by_peer: bool = False, records: tuple[bytes, ...] = ()) -> None:
        who = "the peer refused" if by_peer else "refused"
        super().__init__(f"{who}: {reason}: {text}" if text else f"{who}: {reason}")
        self.reason = reason
        self.text = text
        self.by_peer = by_peer
        self.records = records


class ConfigError(PeerbusError):
    """A configuration names something that is not there, or not right; the text says what would be."""
