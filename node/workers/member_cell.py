"""The cell of a pool's member that a process of its own runs: what comes here is handed on to that, a little at a time.

Laws:
1. The process has what it handles and `prefetch` messages more; all else waits here, and outlives it.
2. A message is counted on the way to the process, as if it had gone there at once, and keeps its place in this mailbox
   until it is handled. So how much the member has to do is to be seen here, and its mailbox is one, not two.
3. It is handled when its answer is there. A tell, and an ask that nobody waits for any more, is handled when the
   process says that it rests (`MemberRests`): it counts what came, and this cell what was written, in one order.
4. What stands behind what was sent before (a `Fence`, the request to stop) waits until all of that is handled.
5. A stream that it answers is a message like any other until its handler has begun; from then on a task here reads it.
6. So is an ask that is handled reentrantly: once its handler has begun its place is free, as the process takes the next
   message then. Where places are wanted the process is asked which have begun.

On the loop's thread, as any cell there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any, cast

from pykka.messages import _ActorStop

from ...actors.base import ActorStopped, NoSuchReactor, PeerGone, RemoteError, SendError
from ...actors.engine import (
    PYKKA_MESSAGES,
    Behaviour,
    Cell,
    Host,
    Supervisor,
    Tick,
    said_of,
)
from ...actors.mailbox import NEVER, Envelope
from ...actors.pools import MemberMailbox
from ...actors.sends import AskFuture
from ...actors.streams import ItemBuffer, ItemWindow, StreamedReply
from ...transports.lanes import HandedAsk, RemoteAsk
from ...transports.sending import InsideLink
from .flight import CreditWait, Flight, trace_from
from .member_flights import MemberFlights
from .member_stream import send_on

__all__ = ["MemberCell"]


class MemberCell(MemberFlights):
    """See the module."""

    __slots__ = ("_streamed", "at_hand", "handed", "pid")

    def __init__(
        self,
        actor_class: type[Behaviour],
        factory: Callable[[], Behaviour] | None,
        bus: Host | None = None,
        name: str | None = None,
        parent: Cell | None = None,
        supervisor: Supervisor | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(actor_class, factory, bus, name, parent, supervisor, context)
        #: Messages that the process may have: the one that it handles, and those that it has at hand.
        self.at_hand = 1
        #: Where items go that it answers with, and by which ask they come.
        self._streamed: dict[object, RemoteAsk[Any]] = {}
        #: Messages that were handed on, since the start.
        self.handed = 0
        #: Its process.
        self.pid = 0

    @property
    def runs_on(self) -> str:
        """As `Cell.runs_on`."""
        return "process"

    @property
    def came_in_all(self) -> int:
        """As `Cell.came_in_all`."""
        return self.mailbox.delivered + self.handed

    # The process.

    @property
    def process(self) -> int:
        """As `Addressee.process`."""
        return 0 if self._way is None else self.pid

    def connect(self, way: InsideLink, pid: int, at_hand: int) -> None:
        """A process runs the actor: this is the way to it."""
        self._way, self.pid, self.at_hand = way, pid, at_hand

    def disconnect(self) -> None:
        """It has ended, or is about to: nothing more is handed on."""
        self._way = None

    # Its turn.

    def at_work(self) -> int:
        """As `LoopCell.at_work`: one that the process handles, and streams that are read of it."""
        return self.worked_on_elsewhere + len(self._beside_it) + super().at_work()

    @property
    def worked_on_elsewhere(self) -> int:
        """As `Addressee.worked_on_elsewhere`."""
        return min(self._open, 1)

    @property
    def detached(self) -> tuple[Envelope, ...]:
        """As `HeldCell.detached`: what the process has, too."""
        flights = tuple(flight.envelope for flight in self._flights if not flight.over)
        return (*flights, *(flight.envelope for flight in self._beside_it), *super().detached)

    @property
    def held(self) -> bool:
        """It takes no message for now."""
        return self._full or super().held

    @property
    def _full(self) -> bool:
        return self._way is None or self._last is not None or self._open >= self.at_hand

    def may_take(self, head: Envelope | None) -> bool:
        """As `HandingCell.may_take`."""
        if not self._full:
            return True
        return self._last is None if head is None else self._is_own(head.message)

    def take_one(self, envelope: Envelope) -> object:
        """Handle what is its own, and hand on the rest."""
        message = envelope.message
        if isinstance(message, _ActorStop) and (self._open or self._beside_it):
            self._last = envelope
        elif isinstance(message, Tick):
            self._fence(envelope)
        elif self._is_own(message):
            result = self.handle(envelope)
            self.current = None
            return result
        else:
            self._hand_on(envelope)
        return None

    def _is_own(self, message: object) -> bool:
        return message.__class__ in self.handlers or isinstance(message, (Tick, *PYKKA_MESSAGES))

    def _fence(self, envelope: Envelope) -> None:
        before = {flight for flight in self._flights if not flight.over}
        if before:
            self._behind.append((envelope, before))
        else:
            self.handle(envelope)

    # What is handed on.

    def _hand_on(self, envelope: Envelope) -> None:
        reply, message, mailbox, way = envelope.reply, envelope.message, self.mailbox, self._way
        assert way is not None
        assert self.name is not None
        if reply is not None and reply.done():
            self._expired(envelope)
            return
        if reply is not None and hasattr(reply, "incoming"):
            self._hand_stream(envelope, cast("StreamedReply", reply), way)
            return
        mailbox.delivered -= 1  # it is counted on its way, as if it had gone there at once
        self.handed += 1
        flight = Flight(envelope)
        ask: HandedAsk | None = None
        if reply is not None:
            flight.ask = ask = HandedAsk(loop=self.loop)
            ask.reply, ask.ended, ask.unseen = reply, partial(self._over, flight), partial(self._unseen, flight)
            ask.reply_type = said_of(reply.reply_type) if isinstance(reply, AskFuture) else None
        try:
            outgoing = way.hand(self.name, message, envelope.sender, ask, envelope.deadline, trace_from(envelope))
        except SendError as error:
            self._cannot(envelope, error, way)
            return
        self._is_there(flight, outgoing, way)
        if reply is not None:
            self._by_reply[reply] = flight

    def _cannot(self, envelope: Envelope, error: SendError, way: InsideLink) -> None:
        """It cannot be handed on."""
        assert self.name is not None
        error.message = envelope.message
        way.refuse_send(self.name, envelope.message, envelope.sender, error, letter=True)
        if envelope.reply is not None:
            envelope.reply.fail(error)

    def _is_there(self, flight: Flight, outgoing: Envelope | None, way: InsideLink) -> None:
        """The process has a message, or gets it as soon as there is credit for `outgoing`."""
        mailbox = self.mailbox
        assert isinstance(mailbox, MemberMailbox)
        assert self.name is not None
        mailbox.keep_place()
        self._flights[flight] = None
        self._open += 1
        if self._open >= self.at_hand:
            self._want_places()
        if outgoing is not None:
            flight.waits = waits = CreditWait(outgoing, flight, partial(self._refused, flight))
            way.wait(self.name, waits)

    def _hand_stream(self, envelope: Envelope, reply: StreamedReply, way: InsideLink) -> None:
        message, mailbox, bus = envelope.message, self.mailbox, self.bus
        assert self.name is not None
        assert bus is not None
        mailbox.delivered -= 1  # as of any other
        self.handed += 1
        flight = Flight(envelope)
        buffer = ItemBuffer(message, self.loop, bus.wheel, ItemWindow())
        sender, deadline = envelope.sender, envelope.deadline
        try:
            ask, outgoing = way.hand_stream(
                self.name, message, sender=sender, deadline=deadline, buffer=buffer, opened=reply.opened,
                trace=trace_from(envelope),
            )  # fmt: skip
        except SendError as error:
            self._cannot(envelope, error, way)
            return
        flight.ask = ask
        self._is_there(flight, outgoing, way)
        self._streamed[reply] = ask
        self.detach(Envelope(message, None, reply, NEVER), send_on(buffer, ask, ask.sink, reply))
        reading = self.work_for(reply)
        assert reading is not None
        reading.add_done_callback(partial(self._stream_over, flight, reply))
        self.want(self._place_of(flight))  # its handler has begun when the process rests, and not at its last item

    def _stream_over(self, flight: Flight, reply: object, _: object) -> None:
        ask = self._streamed.pop(reply)
        if not ask.done():
            ask.cancel()
        if flight.waits is not None and self._way is not None and self.name is not None:
            gone = SendError("nobody reads the stream any more", message=flight.envelope.message)
            gone.reason = "cancelled"
            self._way.give_up(self.name, flight.waits, gone)
        self._over(flight)

    def interrupt(self) -> None:
        """As `LoopCell.interrupt`: whoever reads a stream hears how its process ended, where it has."""
        for reply, ask in tuple(self._streamed.items()):
            error = ask.exception() if ask.done() and not ask.cancelled() else None
            if error is not None:
                cast("StreamedReply", reply).fail(error)
        super().interrupt()

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """As `Cell.failed`: what a stream of the process ended with is said of there, and handed on here."""
        reply = envelope.reply
        if reply is None or reply not in self._streamed:
            return super().failed(envelope, error)
        if isinstance(error, RemoteError):
            reply.raised(error)
        else:
            reply.fail(error)
        return self.verdict()

    def _unseen(self, flight: Flight) -> bool:
        """The process is gone, and has never had it: whether the pool gives it to another member."""
        envelope = flight.envelope
        gone = envelope.reply is not None and envelope.reply.done()
        return not gone and self.parent is not None and self.parent.takes_again(envelope)

    def _refused(self, flight: Flight, error: SendError) -> None:
        """There was no credit for it, and there never will be."""
        envelope = flight.envelope
        if isinstance(error, ActorStopped | NoSuchReactor | PeerGone) and self._unseen(flight):
            self._over(flight)
            return
        error.message = envelope.message
        streamed = self._streamed.get(envelope.reply)
        if streamed is not None:
            streamed.fail(error)
        elif envelope.reply is not None:
            envelope.reply.fail(error)
        self.undelivered(envelope, error)
        self._over(flight)
