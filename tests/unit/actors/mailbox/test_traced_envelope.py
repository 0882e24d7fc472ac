"""A traced message lies in a mailbox as any other, and keeps its trace."""

from __future__ import annotations

from typing import cast

from peerbus.actors.mailbox import Envelope, Mailbox, MessageTrace, TracedEnvelope, as_traced


def test_it_is_an_envelope_that_keeps_its_trace() -> None:
    trace = cast("MessageTrace", object())
    mailbox = Mailbox(limit=1)
    assert mailbox.offer(TracedEnvelope("message", trace=trace))
    assert not mailbox.offer(Envelope("another"))
    taken = mailbox.take()
    assert isinstance(taken, TracedEnvelope)
    assert (taken.message, taken.trace) == ("message", trace)


def test_it_is_made_of_an_envelope_field_by_field() -> None:
    fields = "message", "sender", "reply", "deadline", "source", "size", "carrier", "came"
    values: dict[str, object] = {
        name: float(place) if name == "deadline" else place for place, name in enumerate(fields)
    }
    made = as_traced(Envelope(**values), cast("MessageTrace", None))  # type: ignore[arg-type]  # whatever they are
    assert {name: getattr(made, name) for name in values} == values
