"""What a peer says went wrong, as an error here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peerbus.actors import DeadlineExceeded, MailboxFull, NoSuchReactor, RemoteError, SendError, ShuttingDown
from peerbus.transports.lanes.remote_reply import BUS_CODES
from peerbus.transports.sending.peer_errors import UNSEEN, error_of
from peerbus.transports.wire import Error

PAGE = (Path(__file__).parents[4] / "docs" / "wire.md").read_text(encoding="utf-8")


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


def test_what_no_handler_has_seen_was_never_sent_as_the_page_says() -> None:
    table = PAGE.split("| code | when | handled |")[1].split("\n\n")[0]
    unseen = set(re.findall(r"^\| `(\w+)` \|.*\| no \|$", table, re.MULTILINE))
    assert unseen == UNSEEN
    for code in BUS_CODES:
        error = error_of(Error(1, 0, 0, code, ""), "")
        assert isinstance(error, SendError)
        assert error.never_sent == (code in unseen)


def test_what_a_handler_raised_has_its_code_without_the_prefix() -> None:
    error = error_of(Error(1, 0, 0, "reactor:KeyError", "'a'"), "there: 'a'")
    assert isinstance(error, RemoteError)
    assert (error.code, error.text) == ("KeyError", "'a'")
