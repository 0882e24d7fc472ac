"""The cell of a pool's member that a process of its own runs: what comes here is handed on to that, a little at a time.

Laws:
1. The process has what it handles and `prefetch` messages more; all else waits here, and outlives it.
2. A message is counted on the way to the process, as if it had gone there at once, and keeps its place in this mailbox
   until it is handled. So how much the member has to do is to be seen here, and its mailbox is one, not two.
3. It is handled when its answer is there. A tell, and an ask that nobody waits for any more, is handled when the
   process says that it rests (`MemberRests`): it counts what came, and this cell what was written, in one order.
4. What stands behind what was sent before (a `Fence`, the request to stop) waits until all of that is handled.

On the loop's thread, as any cell there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial

from pykka.messages import _ActorStop

from ...actors.base import MessageTypeError, SendError
from ...actors.engine import (
    HALT,
    PYKKA_MESSAGES,
    Addressee,
    Behaviour,
    Cell,
    Host,
    LoopCell,
    State,
    Supervisor,
    Tick,
    TurnPace,
    said_of,
)
from ...actors.mailbox import Envelope
from ...actors.pools import MemberMailbox
from ...actors.sends import AskFuture
from ...transports.lanes import HandedAsk
from ...transports.sending import InsideLink

__all__ = ["CreditWait", "Flight", "MemberCell", "SeatCell"]


class Flight:
    """A message that the process has: handed on, and not known to be handled.

    `ask`: what its answer comes by; `waits`: it waits for credit of that process.
    """

    __slots__ = ("ask", "envelope", "over", "waits", "written")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.ask: HandedAsk | None = None
        self.waits: CreditWait | None = None
        #: It is handled, or lost.
        self.over = False
        #: It has its place in the order of what is written.
        self.written = True


class CreditWait:
    """Waits for credit for a message; see `mailbox.Waiter`."""

    __slots__ = ("_flight", "_refused", "envelope", "withdrawn")

    def __init__(self, envelope: Envelope, flight: Flight, refused: Callable[[SendError], object]) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self._flight = flight
        self._refused = refused

    def admitted(self) -> bool:
        """There is credit."""
        self._flight.waits = None
        ask = self._flight.ask
        return ask is None or not ask.done()

    def refused(self, error: SendError) -> None:
        """There never will be."""
        self._flight.waits = None
        self._flight.written = False
        self._refused(error)


class MemberCell(LoopCell):
    """See the module."""

    __slots__ = (
        "_behind", "_by_reply", "_flights", "_last", "_open", "_settled", "_way", "at_hand", "handed", "pid", "want",
    )  # fmt: skip

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
        #: The way to the process; None where there is none.
        self._way: InsideLink | None = None
        #: What the process has, in the order in which it is written; and of how much before that it is known.
        self._flights: dict[Flight, None] = {}
        self._settled = 0
        #: How many of these are not handled.
        self._open = 0
        self._by_reply: dict[object, Flight] = {}
        #: Fences, each with what has to be handled before it.
        self._behind: list[tuple[Envelope, set[Flight]]] = []
        #: The request to stop, when it was taken.
        self._last: Envelope | None = None
        #: Messages that were handed on, since the start.
        self.handed = 0
        #: Asks the process to say when it has handled so many messages; set by the keeper.
        self.want: Callable[[int], object] = int
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

    def forget(self) -> None:
        """A process has ended, and with it all that it had."""
        self._way = None
        for flight in tuple(self._flights):
            self._over(flight)
        self._flights.clear()
        self._by_reply.clear()
        self._settled = 0

    def handled(self, count: int) -> None:
        """The process has handled the first so many messages that were written to it."""
        for flight in tuple(self._flights):
            if self._settled >= count or flight.waits is not None:
                return
            self._over(flight)

    # Its turn.

    def at_work(self) -> int:
        """As `LoopCell.at_work`: one at most, as the process handles one message at a time."""
        return min(self._open, 1) + super().at_work()

    @property
    def detached(self) -> tuple[Envelope, ...]:
        """As `HeldCell.detached`: what the process has, too."""
        flights = tuple(flight.envelope for flight in self._flights if not flight.over)
        return (*flights, *super().detached)

    @property
    def held(self) -> bool:
        """It takes no message for now."""
        return self._full or super().held

    @property
    def _full(self) -> bool:
        return self._way is None or self._last is not None or self._open >= self.at_hand

    def drain(self) -> None:
        """Hand on what is in the mailbox, as far as the process may have it."""
        if self.state is not State.RUNNING:
            super().drain()
            return
        try:
            self._take_turn()
        except BaseException as error:  # noqa: BLE001  # as `LoopCell.drain`
            self.turn_failed(error)

    def _take_turn(self) -> None:
        mailbox, pace = self.mailbox, TurnPace(self.now)
        while pace.goes_on():
            if self._last is not None and not self._open:
                last, self._last = self._last, None
                if self.handle(last) is HALT:
                    return
                continue
            if not mailbox._system and self._stands():
                self.current = None
                mailbox.scheduled = False
                if mailbox._system:
                    mailbox.scheduled = True
                    continue
                if mailbox.has_more:
                    assert self.bus is not None
                    self.bus.arrivals.note(self)
                return
            envelope = mailbox.take()
            if envelope is None:
                self.current = None
                if mailbox.rest():
                    return
                continue
            message = envelope.message
            if isinstance(message, _ActorStop) and self._open:
                self._last = envelope
            elif isinstance(message, Tick):
                self._fence(envelope)
            elif self._is_own(message):
                if self.handle(envelope) is HALT:
                    return
                self.current = None
            else:
                self._hand_on(envelope)
        self.current = None
        self.again()

    def _stands(self) -> bool:
        """What comes next has to wait."""
        if not self._full:
            return False
        head = self.mailbox.head()
        if head is None:
            return self._last is not None
        return not self._is_own(head.message)

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
        mailbox.sent -= 1  # it is counted on its way, as if it had gone there at once
        mailbox.delivered -= 1
        self.handed += 1
        flight, ask = Flight(envelope), None
        if reply is not None:
            flight.ask = ask = HandedAsk(loop=self.loop)
            ask.reply, ask.ended = reply, partial(self._over, flight)
            ask.reply_type = said_of(reply.reply_type) if isinstance(reply, AskFuture) else None
        try:
            if reply is not None and hasattr(reply, "incoming"):
                raise MessageTypeError(f"{self} runs in a process of its own, which a pool sends no streams to: ask it")
            outgoing = way.hand(self.name, message, envelope.sender, ask, envelope.deadline)
        except SendError as error:
            error.message = message
            way.refuse_send(self.name, message, envelope.sender, error, letter=True)
            if reply is not None:
                reply.fail(error)
            return
        assert isinstance(mailbox, MemberMailbox)
        mailbox.keep_place()
        self._flights[flight] = None
        self._open += 1
        if reply is not None:
            self._by_reply[reply] = flight
        if outgoing is not None:
            flight.waits = waits = CreditWait(outgoing, flight, partial(self._refused, flight))
            way.wait(self.name, waits)

    def _refused(self, flight: Flight, error: SendError) -> None:
        """There was no credit for it, and there never will be."""
        envelope = flight.envelope
        error.message = envelope.message
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.undelivered(envelope, error)
        self._over(flight)

    def _over(self, flight: Flight) -> None:
        """A message is handled, or lost: its place is free."""
        if flight.over:
            return
        flight.over = True
        self._open -= 1
        reply = flight.envelope.reply
        if reply is not None:
            self._by_reply.pop(reply, None)
        if not flight.written or (flight.ask is not None and not flight.ask.rid):
            self._flights.pop(flight, None)
        while self._flights:
            first = next(iter(self._flights))
            if not first.over:
                break
            del self._flights[first]
            self._settled += 1
        if self._behind:
            self._pass(flight)
        mailbox = self.mailbox
        assert isinstance(mailbox, MemberMailbox)
        mailbox.give_place()
        if self.state is not State.RUNNING:
            return
        if not mailbox.scheduled and (mailbox.filled or self._last is not None):
            mailbox.scheduled = True
            self.again()
        mailbox.on_rest()

    def _pass(self, flight: Flight) -> None:
        behind, self._behind = self._behind, []
        for envelope, before in behind:
            before.discard(flight)
            if before:
                self._behind.append((envelope, before))
            else:
                self.handle(envelope)

    # Asks.

    def abandon(self, reply: object) -> str:
        """As `LoopCell.abandon`: the process hears of it."""
        flight = self._by_reply.pop(reply, None)
        if flight is None:
            return super().abandon(reply)
        ask, waits = flight.ask, flight.waits
        assert ask is not None
        ask.cancel()
        if waits is not None or not ask.rid:  # it is not written, and never will be
            if waits is not None and self._way is not None and self.name is not None:
                gone = SendError("nobody waits for the answer any more", message=flight.envelope.message)
                gone.reason = "cancelled"
                self._way.give_up(self.name, waits, gone)
            self._over(flight)
            return "mailbox"
        place = self._settled
        for each in self._flights:
            place += 1
            if each is flight:
                break
        self.want(place)
        return "handler"

    def has_begun(self, reply: object) -> bool:
        """As far as this process knows."""
        return reply in self._by_reply or super().has_begun(reply)

    def answered_late(self, reply: object) -> bool:
        """As `Cell.answered_late`: whether a handler was at work the other process knows."""
        if reply in self._by_reply:
            self.abandon(reply)
            return False
        return super().answered_late(reply)

    def task_of(self, reply: object) -> object:
        """As `Cell.task_of`: it waits for the answer from there."""
        flight = self._by_reply.get(reply)
        return super().task_of(reply) if flight is None else flight.ask


class SeatCell(LoopCell):
    """That of a seat, in the process: the mailbox of its child says when it is empty, and what was in it is handled."""

    __slots__ = ("rested",)

    rested: Callable[[], object]

    def has_child(self, child: Addressee) -> None:
        """As `Addressee.has_child`."""
        mailbox = child.mailbox
        child.mailbox = MemberMailbox(mailbox.limit, mailbox.byte_limit, mailbox.overflow)
        child.mailbox.on_drop = mailbox.on_drop
        child.mailbox.on_rest = self.rested
