"""What a peer says went wrong, as an error here."""

from __future__ import annotations

import pytest

from peerbus.actors import DeadlineExceeded, MailboxFull, NoSuchReactor, RemoteError, SendError, ShuttingDown
from peerbus.transports.connection.peer_errors import error_of
from peerbus.transports.wire import Error


@pytest.mark.parametrize("kind", [MailboxFull, NoSuchReactor, ShuttingDown])
def test_a_code_of_ours_is_that_error_again(kind: type[SendError]) -> None:
    error = error_of(Error(1, 0, 0, kind.reason, "why"), "there: why")
    assert (type(error), str(error)) == (kind, "there: why")


@pytest.mark.parametrize("phase", ["handler", "mailbox"])
def test_the_phases_of_a_deadline_that_a_peer_may_name(phase: str) -> None:
    error = error_of(Error(1, 0, 0, f"deadline_{phase}", ""), "late")
    assert isinstance(error, DeadlineExceeded)
    assert error.reason == f"deadline_{phase}"
    assert isinstance(error_of(Error(1, 0, 0, "deadline_made_up", ""), "late"), RemoteError)


def test_what_a_handler_raised_has_its_code_without_the_prefix() -> None:
    error = error_of(Error(1, 0, 0, "reactor:KeyError", "'a'"), "there: 'a'")
    assert isinstance(error, RemoteError)
    assert (error.code, error.text) == ("KeyError", "'a'")
