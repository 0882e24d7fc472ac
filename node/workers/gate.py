"""The node's side of what a worker sends to peers, and to those of a role: it is sent from here, and answered there.

Messages are read here, as what they are decides which peers can take them; what comes back is written for the worker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from ...actors.base import MessageTypeError, NoRoute, SchemaMismatch, SendError, ShuttingDown, get_logger
from ...actors.engine import Ending, handles
from ...actors.messages import (
    ActorStarted,
    ActorTerminated,
    Address,
    GroupAddress,
    How,
    QuorumFailed,
    Results,
    Share,
    parse_address,
    unmarked,
)
from ...actors.reactor import Reactor
from ...actors.routing import routed_open, routed_stream
from ...actors.sends import Outcome, followed
from ...actors.streams import OpenStream
from ...transports.wire import ChannelCodec, Codecs, Forwarded
from .talk import (
    GATE,
    EndOf,
    EventsOf,
    LogLines,
    MemberOver,
    MemberRests,
    OpenOut,
    PackedItem,
    PeerEnded,
    SendOut,
    SendOutMany,
    SentOut,
    StreamOut,
    Trace,
    WorkerFigures,
    WorkerLeaves,
    WorkerStarted,
    failure_of,
)

if TYPE_CHECKING:
    from ...actors.engine import Cell

__all__ = ["Gate", "SenderThere", "WorkerTold"]

T = TypeVar("T")

log = get_logger("peerbus.workers")

#: What a worker says of itself, with the worker that said it.
WorkerTold = WorkerStarted | WorkerLeaves | LogLines | EventsOf | WorkerFigures | MemberRests | MemberOver


class Gate(Reactor):
    """See the module. One for all workers of the node; `told` hears what they say of themselves, `tell` tells one.

    `changed` hears which actors of the node's own process start and stop.
    """

    channel = GATE
    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(
        self,
        codecs: Codecs,
        told: Callable[[WorkerTold], None],
        tell: Callable[[str, PeerEnded], None],
        changed: Callable[[ActorStarted | ActorTerminated], None] | None = None,
    ) -> None:
        super().__init__()
        self._changed = changed
        self._codecs = codecs
        self._told = told
        self._tell = tell

    def on_start(self) -> None:
        """Hear which actors of the node's own process start and stop."""
        if self._changed is not None:
            self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated)

    @handles(SendOut, reentrant=True)
    async def _send(self, said: SendOut) -> SentOut:
        try:
            to, codec = self._place(said.to, said.schema)
        except Exception as error:  # noqa: BLE001  # whatever it is, the sender there hears of it
            return SentOut(failed=failure_of(error))
        try:
            message, sender = codec.decode(said.number, said.payload), SenderThere.at(said.sender)
            quorum = Share(said.share) if said.share is not None else said.quorum
            how = None
            if said.hedge is not None or quorum is not None or said.wait_for_peer:
                how = How(said.hedge, quorum, said.wait_for_peer)
            make: Callable[[], Outcome[object]]
            if said.asked:
                make = partial(self.bus.request, to, message, said.timeout, None, sender, how)
            else:
                make = partial(self.bus.send, to, message, said.timeout, sender, how)
            return self._sent(await self._traced(make, said.trace), codec, said.number, asked=said.asked)
        except QuorumFailed as error:
            return self._results(error.results, codec, said.number, failed=error)
        except Exception as error:  # noqa: BLE001  # as above
            return SentOut(failed=failure_of(error))

    @handles(SendOutMany, reentrant=True)
    async def _send_many(self, said: SendOutMany) -> SentOut:
        try:
            to, codec = self._place(said.to, said.schema)
            messages = [codec.decode(number, payload) for number, payload in said.messages]
            make = partial(self.bus.send_many, to, messages, said.timeout, SenderThere.at(said.sender))
            result = await self._traced(make, said.trace)
        except SendError as error:
            return SentOut(count=error.accepted or 0, failed=failure_of(error))
        except Exception as error:  # noqa: BLE001  # as above
            return SentOut(failed=failure_of(error))
        if isinstance(result, Results):
            errors = {name: failure_of(error) for name, error in result.errors.items()}
            return SentOut(several=True, counts=dict(result.answers), errors=errors)
        return SentOut(count=result)

    @handles(StreamOut)
    async def _stream(self, said: StreamOut) -> AsyncIterator[PackedItem]:
        try:
            to, codec, message = self._opening(said)
            sender, wait = SenderThere.at(said.sender), said.wait_for_peer
            with self._resumed(said.trace):
                stream = routed_stream(self.bus, to, message, said.timeout, said.idle, sender, wait=wait)
            async with stream:
                async for item in stream:
                    yield PackedItem(*_answer(item, codec, said.number))
        except Exception as error:  # noqa: BLE001  # as above
            yield PackedItem(0, b"", failed=failure_of(error))

    @handles(OpenOut)
    async def _open(self, said: OpenOut, items: AsyncIterator[PackedItem]) -> AsyncIterator[PackedItem]:
        try:
            to, codec, message = self._opening(said)
            sender, wait = SenderThere.at(said.sender), said.wait_for_peer
            with self._resumed(said.trace):
                opened = routed_open(self.bus, to, message, said.timeout, said.idle, sender, wait=wait)
            async with opened as there:
                feeding = self.create_task(_feed(items, there, codec), name=f"stream to {to}")
                try:
                    async for item in there:
                        yield PackedItem(*_answer(item, codec, said.number))
                    answer = await there.result()
                    if answer is not None:
                        yield PackedItem(*_answer(answer, codec, said.number), answer=True)
                finally:
                    feeding.cancel()
        except Exception as error:  # noqa: BLE001  # as above
            yield PackedItem(0, b"", failed=failure_of(error))

    def _traced(self, make: Callable[[], Outcome[T]], trace: Trace | None) -> Outcome[T]:
        """What `make` sends, as the send of the worker that is traced there."""
        tracer = self.bus.tracer
        sending = None if tracer is None or trace is None else tracer.resumed(*trace)
        return make() if sending is None else followed(make, sending)

    def _resumed(self, trace: Trace | None) -> AbstractContextManager[object]:
        """The same of a stream, while that is begun."""
        tracer = self.bus.tracer
        sending = None if tracer is None or trace is None else tracer.resumed(*trace)
        return nullcontext() if sending is None else sending.current()

    def _opening(self, said: StreamOut | OpenOut) -> tuple[Address[object], ChannelCodec, object]:
        to, codec = self._place(said.to, said.schema)
        if not isinstance(to, Address):
            raise ValueError(f"a stream has one other end: {to} are several")
        return to, codec, codec.decode(said.number, said.payload)

    @handles(EndOf)
    def _end_of(self, said: EndOf) -> None:
        to = parse_address(said.target)
        assert isinstance(to, Address)
        watcher = parse_address(said.watcher)
        assert isinstance(watcher, Address)
        link = self.bus.routes.peers.get(getattr(to.where, "id", ""))
        if link is None:
            if said.wanted:
                self._tell(said.worker, PeerEnded(said.target, said.watcher, NoRoute.reason))
        elif said.wanted:
            link.watch(to.reactor, watcher)
        else:
            link.unwatch(to.reactor, watcher)

    @handles(WorkerStarted, WorkerLeaves, LogLines, EventsOf, WorkerFigures, MemberRests, MemberOver)
    def _hear(self, said: WorkerTold) -> None:
        self._told(said)

    @handles(ActorStarted, ActorTerminated)
    def _actors_changed(self, fact: ActorStarted | ActorTerminated) -> None:
        if self._changed is not None:
            self._changed(fact)

    def _place(self, text: str, schema: bytes) -> tuple[Address[object] | GroupAddress[object], ChannelCodec]:
        if self.bus.closing and not self.bus.routes.inside:
            raise ShuttingDown(f"{self.bus.name} is shutting down")
        to = parse_address(text)
        codec = self._codecs.get(to.reactor)
        if codec is None:
            raise NoRoute(
                f"the node does not know the channel {to.reactor!r}, by which a worker sends: give it channels=[…]"
            )
        if codec.schema != schema:
            raise SchemaMismatch(f"the node declares other messages on channel {to.reactor!r} than its worker")
        return to, codec

    def _sent(self, value: object, codec: ChannelCodec, asked_number: int, *, asked: bool) -> SentOut:
        if isinstance(value, Results):
            return self._results(value, codec, asked_number if asked else 0)
        if not asked:
            return SentOut()
        return SentOut(answer=_answer(value, codec, asked_number))

    def _results(
        self, results: Results[object], codec: ChannelCodec, number: int, failed: QuorumFailed | None = None
    ) -> SentOut:
        answers, errors = {}, {name: failure_of(error) for name, error in results.errors.items()}
        for name, value in results.answers.items():
            try:
                answers[name] = _answer(value, codec, number)
            except SendError as error:
                errors[name] = failure_of(error)
        why = None if failed is None else failure_of(failed)
        return SentOut(several=True, answers=answers, errors=errors, failed=why)


class SenderThere:
    """An actor that another process of the node runs, and whose sends are sent here.

    It stands for its cell where a send asks only whose address it carries, and whose turn it uses."""

    __slots__ = ("address", "bus", "name")

    def __init__(self, address: Address[object]) -> None:
        self.address = address
        self.name = address.reactor
        #: None: no bus of this process runs it.
        self.bus = None

    @classmethod
    def at(cls, text: str) -> Cell | None:
        """The sender of that address; None where nobody is told who sent."""
        if not text:
            return None
        address = parse_address(text)
        return cast("Cell", cls(address)) if isinstance(address, Address) else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SenderThere) and self.address == other.address

    def __hash__(self) -> int:
        return hash(self.address)


async def _feed(items: AsyncIterator[PackedItem], there: OpenStream[object], codec: ChannelCodec) -> None:
    """Hand on the items that a worker sends."""
    try:
        async for item in items:
            if not item.number and unmarked(item.payload)[1]:  # of a type that nobody knows but who takes it
                await there.send(Forwarded(0, item.payload, "item"))
            else:
                await there.send(codec.decode(item.number, item.payload))
        await there.end()
    except SendError as error:
        log.debug("no more items go on", why=str(error))  # its answer says so to the worker
    except Exception as error:  # noqa: BLE001  # it is the worker's item, and not the gate's failure
        log.warning("an item of a worker cannot be read", channel=codec.channel.name, why=str(error))
        await there.aclose()


def _answer(value: object, codec: ChannelCodec, number: int) -> tuple[int, bytes]:
    try:
        return codec.encode_reply(value, codec.channel.max_message, number)
    except MessageTypeError:
        return codec.encode_reply(value, codec.channel.max_message)
