"""The way out of a worker: what its actors send to peers, and to those of a role, goes through the node's process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from ...actors.base import MessageTypeError, NoRoute, SendError, WouldDeadlock
from ...actors.bus import Bus
from ...actors.messages import Address, GroupAddress, How, QuorumFailed, Results, Share
from ...actors.routing import Outward, seconds_of
from ...actors.sends import AskFuture, FailedOutcome, FutureLike, Outcome, end_work, spent
from ...actors.streams import ItemBuffer, ItemSink, NoSink
from ...transports.sending import InsideLink, stream_ask
from ...transports.wire import ChannelCodec, Codecs
from .packed_items import PackedItems
from .talk import GATE, EndOf, OpenOut, SendOut, SendOutMany, SentOut, StreamOut, Trace, error_of_failure

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Outside"]

T = TypeVar("T")

#: Seconds more for the way to the node and back than the send itself has: what fails there says why.
GRACE = 1.0


class Outside(Outward):
    """Of the worker of that name. `way` leads to the node's process."""

    def __init__(self, worker: str, bus: Bus, codecs: Codecs, way: InsideLink) -> None:
        self._worker = worker
        self._bus = bus
        self._codecs = codecs
        self._way = way

    def tell(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """As `Outward.tell`."""
        return self._go(to, message, timeout, None, sender, how, asked=False)

    def ask(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """As `Outward.ask`."""
        return self._go(to, message, timeout, reply, sender, how, asked=True)

    def tell_many(
        self,
        to: Address[Any] | GroupAddress[Any],
        messages: Sequence[object],
        timeout: float | None,
        sender: Address[object] | None,
    ) -> Outcome[Any]:
        """As `Outward.tell_many`."""
        try:
            codec = self._codec(to)
            encoded = [codec.encode(message, codec.channel.max_message) for message in messages]
        except SendError as error:
            return self._failed(error, to, sender)
        source, trace = "" if sender is None else str(sender), self._trace(to, None, asked=False)
        said = SendOutMany(str(to), encoded, codec.schema, source, timeout, trace)
        seconds = seconds_of(self._bus, to, timeout) + GRACE
        return _Sending(self._asked(said, seconds), _accepted)

    def stream(
        self,
        to: Address[Any],
        message: object,
        timeout: float | None,
        idle: float,
        sender: Address[object] | None,
        *,
        buffer: ItemBuffer,
        opened: bool,
        wait_for_peer: bool,
    ) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
        """As `Outward.stream`."""
        loop = self._bus.loop
        try:
            codec = self._codec(to)
            number, payload = codec.encode(message, codec.channel.max_message)
        except SendError as error:
            error.message = message
            self._failed(error, to, sender)
            future: AskFuture[Any] = AskFuture.of(loop, message, None, _nobody)
            future.refused(error)
            buffer.fail(error)
            return future, future, NoSink()
        kind = OpenOut if opened else StreamOut
        source, trace = "" if sender is None else str(sender), self._trace(to, message, asked=True)
        said = kind(str(to), number, payload, codec.schema, source, timeout, idle, wait_for_peer, trace)
        return stream_ask(
            self._way,
            GATE.name,
            said,
            sender=None,
            deadline=inf if timeout is None else loop.time() + timeout + GRACE,
            within=loop.time() + seconds_of(self._bus, to, None) + GRACE,
            buffer=buffer,
            opened=opened,
            wrapping=PackedItems(codec, message),
        )

    def watch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        """As `Outward.watch`."""
        if watcher is not None:
            self._way.tell(GATE.name, EndOf(self._worker, str(target), str(watcher)), None, None)

    def unwatch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        """As `Outward.unwatch`."""
        if watcher is not None:
            self._way.tell(GATE.name, EndOf(self._worker, str(target), str(watcher), False), None, None)

    def _go(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Address[object] | None,
        how: How | None,
        *,
        asked: bool,
    ) -> Outcome[Any]:
        how = how or How()
        if timeout is not None and (not timeout > 0 if asked else not timeout >= 0):
            return self._failed(spent(timeout, message), to, sender)
        try:
            codec = self._codec(to)
            number, payload = codec.encode(message, codec.channel.max_message)
            if reply is not None:
                codec.check_reply(reply, message)
        except SendError as error:
            error.message = message
            return self._failed(error, to, sender)
        share = how.quorum.part if isinstance(how.quorum, Share) else None
        said = SendOut(
            str(to),
            number,
            payload,
            codec.schema,
            "" if sender is None else str(sender),
            timeout,
            asked,
            how.hedge,
            how.quorum if isinstance(how.quorum, int) else None,
            share,
            how.wait_for_peer,
            self._trace(to, message, asked=asked),
        )
        outcome = self._asked(said, seconds_of(self._bus, to, timeout) + GRACE)
        return _Sending(outcome, lambda sent: _read(sent, codec, message, reply, asked=asked))

    def _asked(self, said: SendOut | SendOutMany, seconds: float) -> Outcome[SentOut]:
        deadline = self._bus.loop.time() + seconds
        return self._way.ask(GATE.name, said, sender=None, deadline=deadline, reply=SentOut)

    def _trace(self, to: Address[Any] | GroupAddress[Any], message: object, *, asked: bool) -> Trace | None:
        """Of a send that is traced, what the node has to know to go on with it."""
        tracer = self._bus.tracer
        stamp = None if tracer is None else tracer.stamp(to.reactor, message, asked=asked)
        header = ("", "") if stamp is None else stamp.header()
        return (*header, self._worker) if header[0] else None

    def _codec(self, to: Address[Any] | GroupAddress[Any]) -> ChannelCodec:
        codec = self._codecs.get(to.reactor)
        if codec is None:
            raise NoRoute(
                f"this worker does not know the channel {to.reactor!r}: run its reactor, or give the node channels=[…]"
            )
        return codec

    def _failed(
        self, error: SendError, to: Address[Any] | GroupAddress[Any], sender: Address[object] | None
    ) -> FailedOutcome:
        self._bus.dead_letters.count_failed(error.reason)
        self._bus.dead_letter(error.message, error.reason, to=to, sender=sender, error=error)
        return FailedOutcome(error)


class _Sending(FutureLike[T]):
    """What becomes of it, when the node's process has said so."""

    __slots__ = ("_outcome", "_read")

    def __init__(self, outcome: Outcome[SentOut], read: Callable[[SentOut], T]) -> None:
        self._outcome = outcome
        self._read = read
        self._task = None

    def _begin(self) -> Generator[object, None, T]:
        return self._wait().__await__()

    def _end_work(self) -> None:
        end_work(self._outcome)

    async def _wait(self) -> T:
        try:
            return self._read(await self._outcome)
        finally:
            del self

    def get(self, *, timeout: float | None = None) -> T:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the outcome comes through this very event loop: await it")


def _nobody(_ask: AskFuture[Any]) -> str:
    return "route"


def _accepted(sent: SentOut) -> Any:
    if sent.several:
        errors: dict[str, Exception] = {name: error_of_failure(each) for name, each in sent.errors.items()}
        return Results(dict(sent.counts), errors)
    if sent.failed is not None:
        error = error_of_failure(sent.failed)
        if isinstance(error, SendError):
            error.accepted = sent.count
        raise error
    return sent.count


def _read(sent: SentOut, codec: ChannelCodec, message: object, reply: Any, *, asked: bool) -> Any:
    if sent.several:
        answers: dict[str, Any] = {}
        errors: dict[str, Exception] = {name: error_of_failure(each) for name, each in sent.errors.items()}
        for name, answer in sent.answers.items():
            try:
                answers[name] = _value(answer, codec, message, reply) if asked else None
            except MessageTypeError as error:
                errors[name] = error
        results = Results(answers, errors)
        if sent.failed is not None:
            raise QuorumFailed(sent.failed.text, results=results, message=message)
        return results
    if sent.failed is not None:
        failure = error_of_failure(sent.failed)
        if isinstance(failure, SendError):
            failure.message = message
        raise failure
    return None if not asked or sent.answer is None else _value(sent.answer, codec, message, reply)


def _value(answer: tuple[int, bytes], codec: ChannelCodec, message: object, reply: Any) -> object:
    number, payload = answer
    return codec.decode_reply(number, payload, message, reply)
