from __future__ import annotations

import pytest

from peerbus.actors import (
    ActorStopped,
    DeadlineExceeded,
    MailboxFull,
    NoRoute,
    NoSuchReactor,
    PeerGone,
    RemoteError,
    SendError,
)
from peerbus.node.workers.talk import GATE, WORKER, error_of_failure, failure_of
from peerbus.transports.wire import Codecs


@pytest.mark.parametrize("kind", [ActorStopped, MailboxFull, NoRoute, NoSuchReactor, PeerGone])
def test_errors_of_sends_arrive_as_what_they_are(kind: type[SendError]) -> None:
    error = kind("why")
    error.never_sent, error.tried = True, ("a", "b")
    back = error_of_failure(failure_of(error))
    assert isinstance(back, kind)
    assert (back.reason, back.never_sent, back.tried) == (kind.reason, True, ("a", "b"))


def test_deadlines_keep_their_phase_and_what_a_handler_raised_its_code() -> None:
    late = error_of_failure(failure_of(DeadlineExceeded("late", phase="credit")))
    assert isinstance(late, DeadlineExceeded)
    assert late.phase == "credit"
    for raised, code in ((RemoteError("not_found", "no"), "not_found"), (ValueError("no"), "ValueError")):
        back = error_of_failure(failure_of(raised))
        assert isinstance(back, RemoteError)
        assert (back.code, back.text) == (code, "no")


def test_both_channels_can_travel() -> None:
    codecs = Codecs({channel.name: channel for channel in (GATE, WORKER)})
    assert all(codecs.make(name) is not None for name in (GATE.name, WORKER.name))
