"""A traced message lies in a mailbox as any other, and keeps its trace."""

from __future__ import annotations

from typing import cast

from peerbus.actors.mailbox import Envelope, Mailbox, MessageTrace, TracedEnvelope


def test_it_is_an_envelope_that_keeps_its_trace() -> None:
    trace = cast("MessageTrace", object())
    mailbox = Mailbox(limit=1)
    assert mailbox.offer(TracedEnvelope("message", trace=trace))
    assert not mailbox.offer(Envelope("another"))
    taken = mailbox.take()
    assert isinstance(taken, TracedEnvelope)
    assert (taken.message, taken.trace) == ("message", trace)
