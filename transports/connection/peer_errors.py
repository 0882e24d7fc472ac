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
    RemoteError,
    SchemaMismatch,
    SendError,
    ShuttingDown,
)
from ..lanes import REACTOR_PREFIX
from ..wire import Error

__all__ = ["error_of"]

_ERRORS: dict[str, Callable[[str], SendError]] = {
    error.reason: error
    for error in (
        ActorStopped,
        MailboxFull,
        MessageTooLarge,
        MessageTypeError,
        NoSuchReactor,
        SchemaMismatch,
        ShuttingDown,
    )
}


def error_of(frame: Error, text: str) -> SendError | RemoteError:
    """The error of a code: one of ours, or what a handler raised."""
    make = _ERRORS.get(frame.code)
    if make is not None:
        return make(text)
    if frame.code == "deadline_mailbox":  # no other phase: reasons are counted, and a peer must not make them up
        return DeadlineExceeded(text, phase="mailbox")
    return RemoteError(frame.code.removeprefix(REACTOR_PREFIX), frame.text)
