"""Spans of one node's messages, by OpenTelemetry's API. Imported only where tracing is on.

Laws:
1. A send is one span, from the call to the outcome, whatever it takes: fail-overs, hedges and the receivers of a quorum
   are parts of it. What waits in a queue, and each handler, is a child of the send that it belongs to, anywhere.
2. A span holds no content: types, names, numbers and reasons, no text of an error and no field of a message.
3. What a peer says of a trace is believed as far as W3C Trace Context goes, and sets no pace here: of traces that peers
   want recorded that many a second are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Token
from functools import partial
from math import isfinite
from time import monotonic, time_ns
from types import TracebackType
from typing import TypeVar, cast

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TracerProvider,
    TraceState,
    get_tracer,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from ... import __version__
from ...actors.base import TRACE_ID, DeadlineExceeded, Pace, RemoteError, SendError
from ...actors.engine import Ref
from ...actors.messages import Address, GroupAddress
from ...transports.wire import TRACESTATE_LIMIT
from .trace_context import parent_of, state_of
from .worker_traces import WorkerTraces

__all__ = ["OtelTracer"]

A = TypeVar("A", bound=Callable[..., object])

#: The send that is being made, in a context of OpenTelemetry's.
_SENDING = contexts.create_key("peerbus-sending")
#: Reactors of the bus itself: nobody asks where their messages go.
_OWN = "peerbus."
#: What of a span's attributes is the same everywhere. https://opentelemetry.io/docs/specs/semconv/messaging/
_SYSTEM = {"messaging.system": "peerbus"}


class OtelTracer:
    """Traces the sends of one bus; a `Tracer`.

    `follow`: traces that peers have begun go on here. `recorded`: messages of them a second, at most.
    """

    def __init__(self, node: str, provider: TracerProvider | None, *, follow: bool, recorded: int) -> None:
        self._tracer = get_tracer("peerbus", __version__, provider, "https://opentelemetry.io/schemas/1.27.0")
        self._follow = follow
        self._pace = Pace(recorded)
        self._node = node
        self._workers = WorkerTraces(provider)

    # As `Tracer`.

    def sending(self, verb: str, to: object, message: object, seconds: float, count: int = 1) -> OtelSending | None:
        """As `Tracer.sending`."""
        reactor = _reactor_of(to)
        if not reactor or reactor.startswith(_OWN) or contexts.get_value(_SENDING) is not None:
            return None
        more: dict[str, AttributeValue] = {
            "peerbus.to": str(to) if not isinstance(to, Ref) else f"bus://local/{reactor}"
        }
        if message is not None:
            more["peerbus.message"] = type(message).__name__
        if isfinite(seconds):
            more["peerbus.deadline"] = seconds
        if verb == "tell_many" and count:
            more["messaging.batch.message_count"] = count
        kind = SpanKind.PRODUCER if verb.startswith("tell") else SpanKind.CLIENT
        span = self.start(verb, "send", reactor, more, kind=kind)
        return OtelSending(span) if span.get_span_context().is_valid else None

    def stamp(self, reactor: str, message: object, *, asked: bool, peer: str = "") -> OtelTrace | None:
        """As `Tracer.stamp`."""
        sent = contexts.get_value(_SENDING)
        if not isinstance(sent, OtelSending) or reactor.startswith(_OWN):
            return None
        return OtelTrace(self, sent.span.get_span_context(), reactor, peer)

    def arrived(self, parent: str, state: str, reactor: str, peer: str) -> OtelTrace | None:
        """As `Tracer.arrived`."""
        found = parent_of(parent) if self._follow else None
        if found is None or reactor.startswith(_OWN):
            return None
        sampled = found.sampled and self._pace.allows(monotonic())
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        came = SpanContext(found.trace, found.span, is_remote=True, trace_flags=flags, trace_state=_state(state))
        return OtelTrace(self, came, reactor, peer)

    def carried(self, action: A) -> A:
        """As `Tracer.carried`."""
        return cast("A", partial(_run, Entered(contexts.get_current(), TRACE_ID.get()), action))

    def forget(self) -> None:
        """As `Tracer.forget`."""
        contexts.attach(Context())
        TRACE_ID.set("")

    # Of a node of several processes.

    def told(self, process: str, said: bytes) -> None:
        """As `Tracer.told`."""
        self._workers.told(process, said)

    def came(self, parent: str, state: str, reactor: str, process: str) -> OtelTrace | None:
        """As `Tracer.came`."""
        found = None if reactor.startswith(_OWN) else self._known(parent, state, process)
        return None if found is None else OtelTrace(self, found, reactor, "")

    def resumed(self, parent: str, state: str, process: str) -> OtelSending | None:
        """As `Tracer.resumed`."""
        found = self._known(parent, state, process)
        return None if found is None else OtelSending(NonRecordingSpan(found))

    def gone(self, process: str) -> None:
        """As `Tracer.gone`."""
        self._workers.gone(process)

    def _known(self, parent: str, state: str, process: str) -> SpanContext | None:
        """The span that another process of this node names: one of its own, or one that it was told of."""
        found = parent_of(parent)
        if found is None:
            return None
        flags = TraceFlags(TraceFlags.SAMPLED if found.sampled else TraceFlags.DEFAULT)
        given = SpanContext(found.trace, found.span, is_remote=True, trace_flags=flags, trace_state=_state(state))
        return self._workers.context_of(process, found.span) or given

    # Spans.

    def start(
        self,
        name: str,
        operation: str,
        reactor: str,
        more: dict[str, AttributeValue],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Context | None = None,
        since: int | None = None,
    ) -> Span:
        """Begin one. `parent`: None for what is current here; `since`: nanoseconds since 1970, None for now."""
        attributes: dict[str, AttributeValue] = {
            **_SYSTEM,
            "messaging.operation.name": name,
            "messaging.destination.name": reactor,
            "messaging.client.id": self._node,
            **more,
        }
        if operation:
            attributes["messaging.operation.type"] = operation
        return self._tracer.start_span(
            f"{name} {reactor}",
            context=parent,
            kind=kind,
            attributes=attributes,
            start_time=since,
            record_exception=False,
            set_status_on_exception=False,
        )


class Entered(AbstractContextManager[None]):
    """While entered, this context is OpenTelemetry's current one. For one stretch of code."""

    __slots__ = ("_context", "_id", "_tokens")

    def __init__(self, context: Context, trace_id: str) -> None:
        self._context = context
        self._id = trace_id
        self._tokens: tuple[Token[Context], Token[str]] | None = None

    def __enter__(self) -> None:
        self._tokens = contexts.attach(self._context), TRACE_ID.set(self._id)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What the collector closes, when its loop has ended, it closes in whatever context it runs in.
        if self._tokens is not None and kind is not GeneratorExit:
            contexts.detach(self._tokens[0])
            TRACE_ID.reset(self._tokens[1])


class OtelSending:
    """One send; a `Sending`."""

    __slots__ = ("_context", "_over", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self._context = contexts.set_value(_SENDING, self, set_span_in_context(span))
        self._over = False

    def current(self) -> Entered:
        """As `Sending.current`."""
        return Entered(self._context, _id_of(self.span))

    def ended(self, error: BaseException | None, items: int | None = None) -> None:
        """As `Sending.ended`."""
        if not self._over:
            self._over = True
            self._context = Context()  # it leads back here
            if items is not None:
                self.span.set_attribute("peerbus.items", items)
            _end(self.span, error)


class OtelTrace:
    """One message's way; a `MessageTrace`. `of`: the send that it is a part of; `peer`: where it goes or came from."""

    __slots__ = ("_handling", "_of", "_peer", "_reactor", "_since", "_tracer")

    def __init__(self, tracer: OtelTracer, of: SpanContext, reactor: str, peer: str) -> None:
        self._tracer = tracer
        self._of = of
        self._reactor = reactor
        self._peer = peer
        self._since = time_ns()
        self._handling: OtelHandling | None = None

    def header(self) -> tuple[str, str]:
        """As `MessageTrace.header`."""
        of = self._of
        state = of.trace_state.to_header()
        parent = f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags & TraceFlags.SAMPLED:02x}"
        return parent, state if len(state) <= TRACESTATE_LIMIT else ""

    def passed(self, queue: str) -> None:
        """As `MessageTrace.passed`."""
        self._wait(queue, None)

    def _wait(self, queue: str, error: BaseException | None) -> None:
        now = time_ns()
        more: dict[str, AttributeValue] = {"peerbus.queue": queue}
        if self._peer:
            more["peerbus.peer"] = self._peer
        span = self._tracer.start("wait", "", self._reactor, more, parent=self._parent(), since=self._since)
        _end(span, error, now)
        self._since = now

    def _parent(self) -> Context:
        return set_span_in_context(NonRecordingSpan(self._of), Context())

    def handling(self, actor: str, message: object, *, asked: bool, left: float) -> OtelHandling:
        """As `MessageTrace.handling`."""
        self._wait("mailbox", None)
        more: dict[str, AttributeValue] = {"peerbus.message": type(message).__name__}
        if self._peer:
            more["peerbus.peer"] = self._peer
        if isfinite(left):
            more["peerbus.deadline"] = left
        kind = SpanKind.SERVER if asked else SpanKind.CONSUMER
        span = self._tracer.start("process", "process", actor, more, kind=kind, parent=self._parent())
        self._handling = OtelHandling(span)
        return self._handling

    def failed(self, error: BaseException) -> None:
        """As `MessageTrace.failed`."""
        if self._handling is not None:
            self._handling.failed(error)

    def lost(self, error: SendError) -> None:
        """As `MessageTrace.lost`."""
        if self._handling is None:
            self._wait("mailbox", error)
        else:
            self._handling.failed(error)
            self._handling.ended()


class OtelHandling:
    """One handler's work; a `Handling`."""

    __slots__ = ("_context", "_error", "_over", "_span", "detached")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._context = set_span_in_context(span, Context())
        self._error: BaseException | None = None
        self._over = False
        self.detached = False

    def current(self) -> Entered:
        """As `Handling.current`."""
        return Entered(self._context, _id_of(self._span))

    def failed(self, error: BaseException) -> None:
        """As `Handling.failed`."""
        if not self._over:
            self._over = True
            _end(self._span, error)

    def ended(self) -> None:
        """As `Handling.ended`."""
        if not self._over:
            self._over = True
            _end(self._span, None)


def _run(entered: Entered, action: Callable[..., object], *arguments: object) -> object:
    with entered:
        return action(*arguments)


def _reactor_of(to: object) -> str:
    if isinstance(to, Address | GroupAddress):
        return to.reactor
    return (to._cell.name or "") if isinstance(to, Ref) else ""


def _state(text: str) -> TraceState:
    return TraceState(state_of(text)) if text else TraceState()


def _id_of(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


def _end(span: Span, error: BaseException | None, now: int | None = None) -> None:
    if error is not None:
        reason = reason_of(error)
        span.set_attribute("error.type", reason)
        if isinstance(error, DeadlineExceeded):
            span.set_attribute("peerbus.phase", error.phase)
        if reason != "cancelled":
            span.set_status(Status(StatusCode.ERROR))
    span.end(now)


def reason_of(error: BaseException) -> str:
    """In a word what went wrong: a reason of the bus, a code that a handler refused with, or the class of the error."""
    if isinstance(error, SendError):
        return error.reason
    if isinstance(error, RemoteError):
        return error.code
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__qualname__
