"""What a bus becomes whose sends are traced: each of its doors tells of a send's begin and end.

The doors are replaced, not asked each time: where nobody traces, a send goes the ways that are written in `bus.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from functools import partial
from typing import TYPE_CHECKING, Any

from .engine import Cell, Ref
from .messages import WAITS, Address, GroupAddress, How, Share, check_reply
from .routing import routed_ask, routed_many, routed_tell, seconds_of
from .sends import Outcome, Tracer, check_timeout, followed

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .bus import Bus

__all__ = ["trace_sends"]

To = Ref[Any] | Address[Any] | GroupAddress[Any]


def trace_sends(bus: Bus, tracer: Tracer) -> None:
    """Have `tracer` hear of all that is sent on this bus. Before it runs."""
    bus.tracer = tracer
    doors = _Doors(bus, tracer)
    for name in ("tell", "ask", "send", "send_many", "request"):
        setattr(bus, name, getattr(doors, name))


class _Doors:
    """Those of one bus."""

    __slots__ = ("_bus", "_tracer")

    def __init__(self, bus: Bus, tracer: Tracer) -> None:
        self._bus = bus
        self._tracer = tracer

    # As `Bus.tell` and `Bus.ask`, without their short ways.

    def tell(
        self, to: To, message: object, *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[Any]:
        if timeout is not None:
            timeout = check_timeout(timeout)
        return self.send(to, message, timeout, None, WAITS if wait_for_peer else None)

    def ask(
        self,
        to: To,
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        timeout: float | None = None,
        hedge: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        if timeout is not None:
            timeout = check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        plain = hedge is None and quorum is None and not wait_for_peer
        how = None if plain else How(hedge, quorum, wait_for_peer)
        return self.request(to, message, timeout, reply, None, how)

    # What all sends go through, those of actors as well.

    def send(
        self, to: To, message: object, timeout: float | None, sender: Cell | None, how: How | None = None
    ) -> Outcome[Any]:
        make = partial(routed_tell, self._bus, to, message, timeout, sender, how)
        sending = self._tracer.sending("tell", to, message, self._seconds(to, timeout))
        return make() if sending is None else followed(make, sending)

    def send_many(self, to: To, messages: Iterable[object], timeout: float | None, sender: Cell | None) -> Outcome[Any]:
        make = partial(routed_many, self._bus, to, messages, timeout, sender)
        first = messages[0] if isinstance(messages, list | tuple) and messages else None
        count = len(messages) if isinstance(messages, Sized) else 0
        sending = self._tracer.sending("tell_many", to, first, self._seconds(to, timeout), count)
        return make() if sending is None else followed(make, sending)

    def request(
        self,
        to: To,
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Cell | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        make = partial(routed_ask, self._bus, to, message, timeout, reply, sender, how)
        sending = self._tracer.sending("ask", to, message, self._seconds(to, timeout))
        return make() if sending is None else followed(make, sending)

    def _seconds(self, to: object, timeout: float | None) -> float:
        if isinstance(to, Ref | Address | GroupAddress):
            return seconds_of(self._bus, to, timeout)
        return 0.0  # what is no address is refused with a better word
