"""Many tells on their way, `tell_many`: who gets them, and how they get there. `Bus.send_many` is this."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ..base import SendError, WouldDeadlock
from ..engine import Cell, Ref, many_to_cell, refuse_here, within
from ..messages import LOCAL, Address, GroupAddress, Peer, Results, Role
from ..sends import CHUNK, HINT, Bridged, FutureLike, Gathered, Outcome, Supply, Within, send_all, spent
from .directory import Directory
from .dispatch import Awaited, ByLoop, Group, way_to
from .nobody import unroutable
from .outward import Outward
from .purpose import Purpose
from .receivers import Receiver, untried
from .time_limit import seconds_of
from .tries import Tries

__all__ = ["routed_many"]


def routed_many(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    messages: Iterable[object],
    timeout: float | None,
    sender: Cell | None,
) -> Outcome[Any]:
    """Many tells from `sender` (None: plain code). From any thread. Raises TypeError for what is no address."""
    # Of those that a role means, those that can take all of a list; what a generator makes nobody knows yet.
    drawn: Sequence[object] = messages if isinstance(messages, list | tuple) else ()
    way = way_to(bus, to, sender, drawn[0] if drawn else None, more=drawn)
    if isinstance(to, Ref) and isinstance(way, Cell) and sender is not None:  # plain code's end with the bus's closing
        return many_to_cell(way, messages, timeout, sender if way.bus is bus else None)
    deadline = within(bus, seconds_of(bus, to, timeout), timeout)
    if isinstance(way, Group):
        assert isinstance(to, GroupAddress)
        return _to_several(bus, to.reactor, way.receivers, messages, deadline, sender)
    if isinstance(way, Outward) and isinstance(to, GroupAddress):
        everyone = tuple(messages)
        return way.tell_many(to, everyone, deadline.seconds, _address(sender))
    if isinstance(way, ByLoop) and isinstance(to, GroupAddress):
        drawn = tuple(messages)
        later = partial(_send_within, bus, to, drawn, sender)
        return Bridged(bus, drawn[0] if drawn else None, deadline.seconds, later).future
    if (
        isinstance(to, Address)
        and isinstance(to.where, Role)
        and not isinstance(way, ByLoop | Awaited | Outward | SendError)
    ):
        return send_all(_ToOneOf(bus, to, way, sender, deadline, drawn), messages)
    return send_all(_ToAddress(bus, to, sender, deadline), messages)


def _place_of(receiver: Receiver, reactor: str) -> Address[Any]:
    return Address(LOCAL if isinstance(receiver, Cell) or receiver.inside else Peer(receiver.peer_id), reactor)


class _ToAddress:
    """To one reactor here or of a peer, found anew after each wait: it may have been started again, or reconnected."""

    __slots__ = ("_bus", "_sender", "_to", "_within", "memo")

    def __init__(
        self,
        bus: Directory,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        sender: Cell | None,
        within: Within,
        *,
        memo: dict[object, object] | None = None,
    ) -> None:
        self._bus = bus
        self._to = to
        self._sender = sender
        self._within = within
        #: What is encoded already, for others who get the same; until the first of them has to wait.
        self.memo = memo

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        way = self._way()
        if isinstance(way, Cell):
            return way.pour(supply, self._sender, self._within)
        if isinstance(way, ByLoop):
            return self._pour_by_loop(supply)
        if isinstance(way, SendError) or not self._within.open:
            messages = supply.take(1)
            if not messages:
                return None
            error = way if isinstance(way, SendError) else spent(self._within.left(), messages[0])
            error.message = messages[0]
            return unroutable(self._bus, error, self._to, self._sender)
        if isinstance(way, Outward):
            messages = supply.take(CHUNK)
            return (
                way.tell_many(_away(self._to), messages, self._within.left(), _address(self._sender))
                if messages
                else None
            )
        memo, self.memo = self.memo, None
        return way.pour(_reactor(self._to), supply, _address(self._sender), self._within, memo)

    def _pour_by_loop(self, supply: Supply) -> Outcome[Any] | None:
        """By as many at a time as are drawn; all of a list."""
        messages = supply.take(CHUNK) if supply.generated else supply.rest()
        if not messages:
            return None
        later = partial(_send_within, self._bus, self._to, tuple(messages), self._sender)
        return Bridged(self._bus, messages[0], self._within.left(), later).future

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        way = self._way()
        if isinstance(way, Cell):
            refuse_here(way, message, self._sender, error, letter=letter)
        elif isinstance(way, SendError | ByLoop | Outward):
            unroutable(self._bus, error, self._to, self._sender)
        else:
            way.refuse_send(_reactor(self._to), message, _address(self._sender), error, letter=letter)

    def elsewhere(self, error: SendError, *, begun: bool) -> bool:
        return False

    def lost(self) -> bool:
        return self._bus.loop.is_closed()

    def _way(self) -> Receiver | ByLoop | Outward | SendError:
        way = way_to(self._bus, self._to, self._sender)
        assert not isinstance(way, Group | Awaited)
        return way


class _ToOneOf(_ToAddress):
    """To one of a role's: the one that it means at the beginning, for all of the messages."""

    __slots__ = ("_drawn", "_first", "_role", "_tries")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any],
        first: Receiver,
        sender: Cell | None,
        within: Within,
        drawn: Sequence[object],
    ) -> None:
        super().__init__(bus, _place_of(first, to.reactor), sender, within)
        self._role = to
        self._first = first
        #: The messages, as far as they are known.
        self._drawn = drawn
        self._tries: Tries | None = None

    def elsewhere(self, error: SendError, *, begun: bool) -> bool:
        bus, to, drawn = self._bus, self._role, self._drawn
        if self._tries is None:
            message = drawn[0] if drawn else None

            def left(names: Sequence[str]) -> list[Receiver]:
                return untried(bus, to, message, Purpose.TELL, names, drawn)

            self._tries = Tries(
                bus,
                to,
                error.message,
                self._first,
                sender=self._sender,
                deadline=self._within.until,
                kind="tell",
                left=left,
            )
        another = None if begun else self._tries.after(error, twice=False)
        if another is None:
            error.tried = tuple(self._tries.names)
            return False
        self._to = _place_of(another, to.reactor)
        return True


def _away(to: Ref[Any] | Address[Any] | GroupAddress[Any]) -> Address[Any] | GroupAddress[Any]:
    assert not isinstance(to, Ref)
    return to


def _reactor(to: Ref[Any] | Address[Any] | GroupAddress[Any]) -> str:
    assert not isinstance(to, Ref)
    return to.reactor


def _address(sender: Cell | None) -> Address[object] | None:
    return None if sender is None else sender.address


def _send_within(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    messages: Sequence[object],
    sender: Cell | None,
    left: float,
) -> Outcome[Any]:
    return bus.send_many(to, messages, left, sender)


# To several: each gets all, at its own pace where the messages are a list.


def _to_several(
    bus: Directory,
    reactor: str,
    receivers: Mapping[str, Receiver],
    messages: Iterable[object],
    within: Within,
    sender: Cell | None,
) -> Outcome[Results[int]]:
    places = {name: _place_of(each, reactor) for name, each in receivers.items()}

    def send(several: Iterable[str], some: Sequence[object]) -> Gathered[int]:
        memo: dict[object, object] = {}
        ways = {name: _ToAddress(bus, places[name], sender, within, memo=memo) for name in several}
        return Gathered({name: send_all(way, some) for name, way in ways.items()})

    if isinstance(messages, list | tuple):
        return send(receivers, messages)
    return _InSteps(Supply(messages), receivers, send)


class _InSteps(FutureLike[Results[int]]):
    """To several, of a generator: the next some are drawn when all have accepted, or failed, those before."""

    __slots__ = ("_accepted", "_errors", "_outcome", "_send", "_supply")

    def __init__(
        self,
        supply: Supply,
        receivers: Iterable[str],
        send: Callable[[Iterable[str], Sequence[object]], Gathered[int]],
    ) -> None:
        self._supply = supply
        self._accepted = dict.fromkeys(receivers, 0)
        self._errors: dict[str, Exception] = {}
        self._send = send
        self._task = None
        self._outcome: Gathered[int] | None = self._next()

    def __await__(self) -> Generator[object, None, Results[int]]:
        self._as_task()  # as `Many`
        return super().__await__()

    def _begin(self) -> Generator[object, None, Results[int]]:
        return self._wait().__await__()

    def _next(self) -> Gathered[int] | None:
        messages = self._supply.take(CHUNK) if self._accepted else ()
        return self._send(self._accepted, messages) if messages else None

    async def _wait(self) -> Results[int]:
        try:
            while self._outcome is not None:
                results = await self._outcome
                for name, count in results.answers.items():
                    self._accepted[name] += count
                for name, error in results.errors.items():
                    if isinstance(error, SendError):
                        error.accepted = self._accepted[name] + (error.accepted or 0)
                    self._errors[name] = error
                    del self._accepted[name]
                self._outcome = self._next()
            return Results(self._accepted, self._errors)
        finally:
            del self

    def get(self, *, timeout: float | None = None) -> Results[int]:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the outcomes come through this very event loop: await them")

    def __repr__(self) -> str:
        return f"<send to {len(self._accepted)} peers; {HINT}>"
