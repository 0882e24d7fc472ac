"""What a peer says went wrong with a message, as the error that its sender gets."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.base import (
    ActorStopped,
    DeadlineExceeded,
    MailboxFull,
    MessageTooLarge,
    MessageTypeError,
    NoSuchReactor,
    NotAllowed,
    PeerGone,
    RemoteError,
    SchemaMismatch,
    SendError,
    ShuttingDown,
    printable,
)
from ..lanes import ANSWER_TOO_LARGE, ANSWER_TYPE, ANSWER_UNREAD, REACTOR_PREFIX
from ..wire import Error

__all__ = ["UNSEEN", "error_of"]

_ERRORS: dict[str, Callable[[str], SendError]] = {
    **{
        error.reason: error
        for error in (
            ActorStopped,
            MailboxFull,
            MessageTooLarge,
            MessageTypeError,
            NoSuchReactor,
            NotAllowed,
            PeerGone,
            SchemaMismatch,
            ShuttingDown,
        )
    },
    ANSWER_TOO_LARGE: MessageTooLarge,
    ANSWER_TYPE: MessageTypeError,
    ANSWER_UNREAD: MailboxFull,
}
#: Codes of what no handler has seen, and none will: it may be sent again, here or elsewhere, and nothing is done twice.
UNSEEN = frozenset(
    {
        "deadline_mailbox",
        MailboxFull.reason,
        MessageTooLarge.reason,
        MessageTypeError.reason,
        NoSuchReactor.reason,
        NotAllowed.reason,
        SchemaMismatch.reason,
        ShuttingDown.reason,
    }
)
#: Phases of a deadline that a peer may name: reasons are counted, and a peer must not make them up.
_PHASES = {"deadline_handler": "handler", "deadline_mailbox": "mailbox"}


def error_of(frame: Error, text: str) -> SendError | RemoteError:
    """The error of a code: one of ours, with this text, or what a handler raised. All that it says is printable."""
    make = _ERRORS.get(frame.code)
    if make is not None:
        error = make(text)
        error.never_sent = frame.code in UNSEEN
        return error
    phase = _PHASES.get(frame.code)
    if phase is not None:
        late = DeadlineExceeded(text, phase=phase)
        late.never_sent = frame.code in UNSEEN
        return late
    return RemoteError(printable(frame.code.removeprefix(REACTOR_PREFIX)), printable(frame.text))
