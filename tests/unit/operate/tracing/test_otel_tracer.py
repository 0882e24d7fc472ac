"""What a span says of a send, a wait and a handler; and what a stranger's headers can do, which is little."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from spans import Spans, attribute, id_of

from peerbus.actors import LOCAL, Bus, Channel, Message, Peer, Reactor, handles
from peerbus.actors.base import TRACE_ID
from peerbus.operate.tracing.otel_tracer import OtelTracer

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


class Note(Message):
    text: str


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> str:
        return TRACE_ID.get()


def tracer(spans: Spans, *, follow: bool = True, recorded: int = 1_000) -> OtelTracer:
    return OtelTracer("alice", spans.provider, follow=follow, recorded=recorded)


def test_a_send_is_described_by_the_conventions_for_messaging() -> None:
    spans = Spans()
    sending = tracer(spans).sending("ask", Peer("ab" * 32) / "notes", Note("secret"), 2.5)
    assert sending is not None
    sending.ended(None)
    (span,) = spans.all
    assert (span.name, span.kind) == ("ask notes", SpanKind.CLIENT)
    assert dict(span.attributes or {}) == {
        "messaging.system": "peerbus",
        "messaging.operation.name": "ask",
        "messaging.operation.type": "send",
        "messaging.destination.name": "notes",
        "messaging.client.id": "alice",
        "peerbus.to": f"bus://{'ab' * 32}/notes",
        "peerbus.message": "Note",
        "peerbus.deadline": 2.5,
    }


def test_what_the_bus_sends_itself_is_not_traced_nor_is_a_part_of_a_send() -> None:
    made = tracer(Spans())
    assert made.sending("ask", LOCAL / "peerbus.peers", None, 5.0) is None
    assert made.stamp("peerbus.pex", None, asked=True) is None
    assert made.arrived(PARENT, "", "peerbus.pex", "") is None
    sending = made.sending("tell", LOCAL / "notes", Note(""), 5.0)
    assert sending is not None
    with sending.current():
        assert made.sending("tell", LOCAL / "notes", Note(""), 5.0) is None


def test_what_is_told_to_a_peer_is_what_a_peer_can_go_on_with() -> None:
    spans = Spans()
    made = tracer(spans)
    sending = made.sending("tell", LOCAL / "notes", Note(""), 5.0)
    assert sending is not None
    with sending.current():
        stamped = made.stamp("notes", Note(""), asked=False, peer="bob")
    assert stamped is not None
    parent, state = stamped.header()
    came = made.arrived(parent, state, "notes", "alice")
    assert came is not None
    came.handling("notes", Note(""), asked=False, left=1.0).ended()
    sending.ended(None)
    process, wait = spans.one("process notes"), spans.one("wait notes")
    assert spans.parent(process) == spans.parent(wait) == "tell notes"
    assert process.kind is SpanKind.CONSUMER


def test_a_state_goes_on_to_the_next_node_and_nothing_else_that_a_stranger_wrote() -> None:
    made = tracer(Spans())
    for state, told in (("a=b", "a=b"), ("a=b\x1b", ""), ("é" * 512, "")):
        came = made.arrived(PARENT, state, "notes", "bob")
        assert came is not None
        with came.handling("notes", Note(""), asked=False, left=1.0).current():
            sending = made.sending("tell", LOCAL / "notes", Note(""), 5.0)
        assert sending is not None
        with sending.current():
            stamped = made.stamp("notes", Note(""), asked=False)
            assert stamped is not None
            assert stamped.header()[1] == told
    assert made.arrived("no parent", "a=b", "notes", "bob") is None
    assert made.stamp("notes", Note(""), asked=False) is None, "it is no send's"


def test_what_peers_want_recorded_is_so_many_a_second_and_the_trace_goes_on() -> None:
    spans = Spans()
    made = tracer(spans, recorded=3)
    came = [made.arrived(PARENT, "", "notes", "bob") for _ in range(20)]
    assert all(each is not None for each in came)
    sampled = [each for each in came if each is not None and each.header()[0].endswith("-01")]
    assert 3 <= len(sampled) <= 6  # of one second, or of two
    assert tracer(spans, follow=False).arrived(PARENT, "", "notes", "bob") is None


async def test_the_trace_stands_in_log_lines_while_a_handler_runs(caplog: pytest.LogCaptureFixture) -> None:
    spans = Spans()

    class Failing(Reactor):
        channel = Channel("failing", messages=(Note,))

        @handles(Note)
        def note(self, note: Note) -> None:
            raise KeyError(note.text)

    async with spans.on(Bus(reactors=[Notes, Failing])) as bus:
        seen = await bus.ask(LOCAL / "notes", Note(""), reply=str)
        with pytest.raises(Exception, match="KeyError"):
            await bus.ask(LOCAL / "failing", Note(""))
    of = {span.name: f"{span.get_span_context().trace_id:032x}" for span in spans.all}  # type: ignore[union-attr]
    assert seen == of["process notes"]
    (record,) = [each for each in caplog.records if "failed" in each.getMessage()]
    assert vars(record)["trace_id"] == of["process failing"]
    assert f"trace_id={of['process failing']}" in record.getMessage()
    assert TRACE_ID.get() == ""


def test_without_a_provider_nothing_is_made_and_what_came_goes_on() -> None:
    nothing = OtelTracer("alice", trace.NoOpTracerProvider(), follow=True, recorded=10)
    assert nothing.sending("tell", LOCAL / "notes", Note(""), 5.0) is None
    assert nothing.stamp("notes", Note(""), asked=False) is None
    came = nothing.arrived(PARENT, "a=b", "notes", "bob")
    assert came is not None
    with came.handling("notes", Note(""), asked=False, left=1.0).current():
        sending = nothing.sending("tell", LOCAL / "notes", Note(""), 5.0)
        assert sending is not None
        with sending.current():
            stamped = nothing.stamp("notes", Note(""), asked=False)
            assert stamped is not None
            assert stamped.header() == (PARENT, "a=b")


def test_an_outcome_counts_once_and_a_handler_ends_once() -> None:
    spans = Spans()
    made = tracer(spans)
    sending = made.sending("tell", LOCAL / "notes", Note(""), 5.0)
    assert sending is not None
    sending.ended(KeyError("secret"))
    sending.ended(None)
    assert attribute(spans.one("tell notes"), "error.type") == "KeyError"
    came = made.arrived(PARENT, "", "notes", "bob")
    assert came is not None
    handling = came.handling("notes", Note(""), asked=True, left=1.0)
    came.failed(ValueError("secret"))
    handling.ended()
    span = spans.one("process notes")
    assert attribute(span, "error.type") == "ValueError"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == SPAN
    assert id_of(span)
