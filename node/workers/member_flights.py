"""What the process of a pool's member has of its messages, as the cell here knows it; see `MemberCell` for its laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context

from ...actors.base import SendError
from ...actors.engine import Behaviour, Cell, HandingCell, Handler, Host, State, Supervisor
from ...actors.mailbox import Envelope
from ...actors.pools import MemberMailbox
from ...actors.sends import Search
from ...transports.lanes import HandedAsk
from ...transports.sending import InsideLink
from .flight import Flight

__all__ = ["MemberFlights"]


class MemberFlights(HandingCell):
    """See the module."""

    __slots__ = (
        "_behind",
        "_beside_it",
        "_by_reply",
        "_flights",
        "_last",
        "_open",
        "_settled",
        "_wanted",
        "_way",
        "want",
    )

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
        #: The way to the process; None where there is none.
        self._way: InsideLink | None = None
        #: What the process has, in the order in which it is written; and of how much before that it is known.
        self._flights: dict[Flight, None] = {}
        self._settled = self._wanted = 0
        #: How many of these are not handled.
        self._open = 0
        self._by_reply: dict[object, Flight] = {}
        #: Asks whose handlers go on beside the next messages.
        self._beside_it: dict[Flight, None] = {}
        #: Fences, each with what has to be handled before it.
        self._behind: list[tuple[Envelope, set[Flight]]] = []
        #: The request to stop, when it was taken.
        self._last: Envelope | None = None
        #: Asks the process to say when it has handled that many messages; set by the keeper.
        self.want: Callable[[int], object] = int

    def forget(self) -> None:
        """A process has ended, and with it all that it had."""
        self._way = None
        for flight in tuple(self._flights):
            self._over(flight)
        self._flights.clear()
        self._by_reply.clear()
        self._beside_it.clear()
        self._settled = self._wanted = 0

    def handled(self, count: int) -> None:
        """The process has handled the first `count` messages that were written to it."""
        for flight in tuple(self._flights):
            if self._settled >= count or flight.waits is not None:
                return
            ask = flight.ask
            if isinstance(ask, HandedAsk) and not ask.done() and not flight.over:
                self._beside_it[flight] = None
                self._give_place(flight)
            else:
                self._over(flight)

    def _over(self, flight: Flight) -> None:
        """A message is handled, or lost: its place is free."""
        reply = flight.envelope.reply
        if reply is not None:
            self._by_reply.pop(reply, None)
        if flight in self._beside_it:
            del self._beside_it[flight]
            self._goes_on()
        else:
            self._give_place(flight)

    def _give_place(self, flight: Flight) -> None:
        if flight.over:
            return
        flight.over = True
        self._open -= 1
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
        self._goes_on()

    def _goes_on(self) -> None:
        mailbox = self.mailbox
        assert isinstance(mailbox, MemberMailbox)
        if self.state is not State.RUNNING:
            return
        if self._last is not None and not self._open and not self._beside_it:
            last, self._last = self._last, None
            mailbox.put_system(last)
        elif mailbox.filled:
            self.go_on()
        mailbox.on_rest()

    def _pass(self, flight: Flight) -> None:
        behind, self._behind = self._behind, []
        for envelope, before in behind:
            before.discard(flight)
            if before:
                self._behind.append((envelope, before))
            else:
                self.handle(envelope)

    def _want_places(self) -> None:
        """Ask the process whether handlers have begun beside which it takes the next message."""
        for flight in reversed(self._flights):
            if not flight.over and flight.ask is not None and self._beside(flight.envelope.message):
                place = self._place_of(flight)
                if place > self._wanted:
                    self._wanted = place
                    self.want(place)
                return

    def want_room(self) -> None:
        """As `Addressee.want_room`."""
        self._want_places()

    def _beside(self, message: object) -> bool:
        handlers: Mapping[type, Handler] = getattr(self.actor_class, "member_handlers", {})
        handler = handlers.get(message.__class__)
        return handler is not None and handler.reentrant

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
        if flight in self._beside_it:
            self._over(flight)
            return "handler"
        self.want(self._place_of(flight))
        return "handler"

    def _place_of(self, flight: Flight) -> int:
        """How many were written to the process when this one was."""
        place = self._settled
        for each in self._flights:
            place += 1
            if each is flight:
                break
        return place

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
        """As `Cell.task_of`: it waits for the answer from there; what waits here, for what the process is at."""
        flight = self._by_reply.get(reply)
        if flight is not None:
            return flight.ask
        return super().task_of(reply) or next((each for each in self._flights if not each.over), None)

    def follow(self, wait: object, search: Search) -> None:
        """As `Cell.follow`: the process is to look."""
        flight, way, reading = self._by_reply.get(wait), self._way, self.work_for(wait)
        if way is None or self.name is None:
            return
        if reading is not None:
            search.reach(self, reading)
        elif flight is not None and flight.waits is None:
            if flight.ask is not None and not flight.ask.done():
                way.follow(flight.ask, search)
        elif self._open:
            way.follow_held(self.name, search)

    @property
    def moves(self) -> int:
        """As `Addressee.moves`: what the process has ended, too."""
        return 2 * self.came_in_all - self._open
