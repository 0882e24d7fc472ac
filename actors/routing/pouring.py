"""`tell_many`: whom it goes to, and how it gets there.

On the loop's thread, or, to an actor here, on any. `Bus.send_many` comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from threading import get_ident
from typing import Any

from ..base import SendError, WouldDeadlock
from ..engine import Cell, Ref, many_to_cell, refuse_here, within
from ..messages import LOCAL, Address, GroupAddress, Local, Peer, Results
from ..sends import CHUNK, HINT, Bridged, FutureLike, Gathered, Outcome, Supply, Within, send_all, spent
from .directory import Directory
from .dispatch import resolve
from .receivers import Receiver, check_address, group

__all__ = ["routed_many"]


def routed_many(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    messages: Iterable[object],
    timeout: float | None,
    sender: Cell | None,
) -> Outcome[Any]:
    """To whoever an address means. From any thread."""
    if isinstance(to, Ref):
        return many_to_cell(to._cell, messages, timeout, sender if to._cell.bus is bus else None)
    check_address(to)
    deadline = within(bus, bus.seconds(to, timeout), timeout)
    if bus.closing and sender is None:
        return send_all(_ToAddress(bus, to, sender, deadline, refused=bus.refusal), messages)
    if get_ident() != bus.thread and not (isinstance(to.where, Local) and bus.cell(to.reactor) is not None):
        bus.check_running()
        if isinstance(to, GroupAddress):
            drawn = tuple(messages)
            left = partial(_send_within, bus, to, drawn, sender)
            return Bridged(bus, drawn[0] if drawn else None, deadline.seconds, left).future
        return send_all(_ToLoop(bus, to, sender, deadline), messages)
    if isinstance(to, GroupAddress):
        return _to_several(bus, to, messages, deadline, sender)
    return send_all(_ToAddress(bus, _pinned(bus, to), sender, deadline), messages)


def _pinned(bus: Directory, to: Address[Any]) -> Address[Any]:
    """The one that an address of a role means at this moment, for all of the messages."""
    if isinstance(to.where, Local | Peer):
        return to
    found = resolve(bus, to, None)
    return to if isinstance(found, SendError) else _place_of(found, to.reactor)


def _place_of(receiver: Receiver, reactor: str) -> Address[Any]:
    return Address(LOCAL if isinstance(receiver, Cell) else Peer(receiver.peer_id), reactor)


class _ToAddress:
    """To one reactor here or of a peer, found anew after each wait: it may have been started again, or reconnected.

    `refused`: why nothing is sent at all.
    """

    __slots__ = ("_bus", "_refused", "_sender", "_to", "_within", "memo")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any] | GroupAddress[Any],
        sender: Cell | None,
        within: Within,
        *,
        refused: Callable[[], SendError] | None = None,
        memo: dict[object, object] | None = None,
    ) -> None:
        self._bus = bus
        self._to = to
        self._sender = sender
        self._within = within
        self._refused = refused
        #: What is encoded already, for others who get the same; until the first of them has to wait.
        self.memo = memo

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        receiver = self._receiver()
        if isinstance(receiver, Cell):
            return receiver.pour(supply, self._sender, self._within)
        if isinstance(receiver, SendError) or not self._within.open:
            messages = supply.take(1)
            if not messages:
                return None
            error = receiver if isinstance(receiver, SendError) else spent(self._within.left(), messages[0])
            error.message = messages[0]
            return self._bus.unroutable(error, self._to, self._sender)
        memo, self.memo = self.memo, None
        address = None if self._sender is None else self._sender.address
        return receiver.pour(self._to.reactor, supply, address, self._within, memo)

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        receiver = self._receiver()
        if isinstance(receiver, Cell):
            refuse_here(receiver, message, self._sender, error, letter=letter)
        elif isinstance(receiver, SendError):
            self._bus.unroutable(error, self._to, self._sender)
        else:
            address = None if self._sender is None else self._sender.address
            receiver.refuse_send(self._to.reactor, message, address, error, letter=letter)

    def lost(self) -> bool:
        return self._bus.loop.is_closed()

    def _receiver(self) -> Receiver | SendError:
        if self._refused is not None:
            return self._refused()
        assert isinstance(self._to, Address)
        return resolve(self._bus, self._to, None)


class _ToLoop:
    """From another thread to whoever the loop knows, by as many at a time as are drawn."""

    __slots__ = ("_bus", "_sender", "_to", "_within")

    def __init__(self, bus: Directory, to: Address[Any], sender: Cell | None, within: Within) -> None:
        self._bus = bus
        self._to = to
        self._sender = sender
        self._within = within

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        messages = supply.take(CHUNK) if supply.generated else supply.rest()
        if not messages:
            return None
        send = partial(_send_within, self._bus, self._to, tuple(messages), self._sender)
        return Bridged(self._bus, messages[0], self._within.left(), send).future

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        """Nothing is drawn that was not handed to the loop."""

    def lost(self) -> bool:
        return self._bus.loop.is_closed()


def _send_within(
    bus: Directory, to: Address[Any] | GroupAddress[Any], messages: Sequence[object], sender: Cell | None, left: float
) -> Outcome[Any]:
    return bus.send_many(to, messages, left, sender)


# To several: each gets all, at its own pace where the messages are a list.


def _to_several(
    bus: Directory, to: GroupAddress[Any], messages: Iterable[object], within: Within, sender: Cell | None
) -> Outcome[Results[int]]:
    receivers = {name: _place_of(each, to.reactor) for name, each in group(bus, to).items()}

    def send(several: Iterable[str], some: Sequence[object]) -> Gathered[int]:
        memo: dict[object, object] = {}
        ways = {name: _ToAddress(bus, receivers[name], sender, within, memo=memo) for name in several}
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
