"""A bus on which one actor acts alone: what it does to others is handed to a recorder instead of being done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ...actors.actor import Actor
from ...actors.base import SendError
from ...actors.bus import Bus
from ...actors.engine import Behaviour, Body, Cell, Ref
from ...actors.messages import (
    LOCAL,
    ActorFailed,
    ActorRestarted,
    ActorStarted,
    ActorTerminated,
    Address,
    Channel,
    DeadLetter,
    GroupAddress,
    How,
    Supervision,
    Terminated,
)
from ...actors.routing import check_watchable
from ...actors.sends import Delivered, Outcome, Supply, check_timeout, send_all

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["EffectRecorder", "RecordingBus"]

A = TypeVar("A", bound=Body)

#: Facts of the life of actors; those of the actor that is alone are effects of their own, the others nobody's.
OF_LIFE = (ActorStarted, ActorRestarted, ActorTerminated, ActorFailed, DeadLetter)


class EffectRecorder(Protocol):
    """What hears of the actor's deeds."""

    def told(self, to: Address[Any] | GroupAddress[Any], message: object) -> Outcome[Any]:
        """It sent a message; returns the outcome that it gets."""

    def asked(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
    ) -> Outcome[Any]:
        """It asked; returns what it awaits."""

    def watched(self, target: Address[Any], *, on: bool) -> None:
        """It watches, or does not any more."""

    def spawned(self, name: str) -> None:
        """It started a child."""

    def published(self, event: object) -> None:
        """It, or its life, put a fact on the event stream."""


class RecordingBus(Bus):
    """See the module. Actors that are neighbours exist as refs that can be sent to, and handle nothing."""

    def __init__(
        self, recorder: EffectRecorder, *, channels: Iterable[Channel[Any]] = (), rng: Random | None = None
    ) -> None:
        super().__init__("alone", rng=Random(0) if rng is None else rng, shutdown_timeout=1.0)
        self._recorder: EffectRecorder | None = None
        self._recorder_to_be = recorder
        self._acting: Ref[Any] | None = None
        #: The actor that acted, once it has ended.
        self.last: Behaviour | None = None
        for channel in channels:
            self.declare(channel)

    def start_recording(self) -> None:
        """From now on what an actor does is recorded. The bus runs."""
        self._recorder = self._recorder_to_be
        self.router = self.stand_in("router")

    def run(self, factory: Callable[..., A], *args: Any, name: str | None, supervision: Supervision | None) -> Ref[A]:
        """Start the actor that acts."""
        self._acting = super().spawn(factory, *args, name=name, supervision=supervision)
        return self._acting

    def begins(self, cell: Cell) -> asyncio.Future[None]:
        """Done when the actor's `on_start` has finished; fails with what it raised."""
        begun = self.actors.start_of(cell)
        begun.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, whoever asks
        return begun

    def stand_in(self, name: str) -> Ref[Any]:
        """A neighbour of that name: a ref for an actor that does nothing."""
        actor = super().spawn(_StandIn, name=name)
        return _StandInRef(actor, self)

    def spawn(
        self,
        factory: Callable[..., A],
        *args: Any,
        name: str | None = None,
        supervision: Supervision | None = None,
        parent: Cell | None = None,
        **kwargs: Any,
    ) -> Ref[A]:
        """Record a child, which does not run."""
        if self._recorder is None:
            return super().spawn(factory, *args, name=name, supervision=supervision, parent=parent, **kwargs)
        made_up = factory if isinstance(factory, type) else Actor
        ref = self.stand_in(name or self.actors.actor_name(made_up))
        assert ref._cell.name is not None
        self._recorder.spawned(ref._cell.name)
        return cast("Ref[A]", ref)

    def send(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Cell | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """Record a tell."""
        if self._recorder is None:
            return super().send(to, message, timeout, sender, how)
        return self._recorder.told(_address(to), message)

    def send_many(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        messages: Iterable[object],
        timeout: float | None,
        sender: Cell | None,
    ) -> Outcome[Any]:
        """Record each as a tell."""
        if self._recorder is None:
            return super().send_many(to, messages, timeout, sender)
        return send_all(_ToRecorder(self._recorder, _address(to)), messages)

    def request(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Cell | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """Record an ask."""
        if self._recorder is None:
            return super().request(to, message, timeout, reply, sender, how)
        return self._recorder.asked(_address(to), message, timeout, reply)

    def watch(self, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
        """Record a watch."""
        check_watchable(self, target)
        if self._recorder is not None:
            self._recorder.watched(cast("Address[Any]", _address(target)), on=True)

    def unwatch(self, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
        """Record that a watch is forgotten."""
        check_watchable(self, target)
        if self._recorder is not None:
            self._recorder.watched(cast("Address[Any]", _address(target)), on=False)

    def publish(self, event: object) -> None:
        """Record a fact, unless it is one of the life of neighbours."""
        if self._acting is not None:
            self.last = self._acting._cell.actor or self.last  # its end is such a fact
        super().publish(event)
        if self._recorder is not None:
            self._recorder.published(event)

    def neighbour_got(self, name: str, message: object) -> None:
        """Something reached a neighbour's mailbox directly."""
        if self._recorder is not None and not isinstance(message, Terminated):
            self._recorder.told(LOCAL / name, message)


class _ToRecorder:
    """To a recorder."""

    def __init__(self, recorder: EffectRecorder, to: Address[Any] | GroupAddress[Any]) -> None:
        self._recorder = recorder
        self._to = to

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        while messages := supply.take(1):
            outcome = self._recorder.told(self._to, messages[0])
            if not isinstance(outcome, Delivered):
                return outcome
            supply.accepted += 1
        return None

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        """It stopped before that one."""

    def elsewhere(self, error: SendError, *, begun: bool) -> bool:
        return False

    def lost(self) -> bool:
        return False


class _StandIn(Actor):
    """A neighbour. The floors below put some messages straight into mailboxes; these arrive here."""

    def on_receive(self, message: object) -> None:
        """Record it."""
        bus, cell = self.bus, self._cell
        assert isinstance(bus, RecordingBus)
        bus.neighbour_got(cell.name or "", message)


class _StandInRef(Ref[Any]):
    """The ref of a neighbour: what is sent to it is recorded at once, in the order of the actor's deeds."""

    def __init__(self, real: Ref[Any], bus: RecordingBus) -> None:
        self.__dict__.update(real.__dict__)
        self._real = real
        self._cell = cast("Cell", _StandInCell(real._cell, bus))

    def tell(self, message: object, *, timeout: float | None = None) -> Outcome[None]:  # type: ignore[override]  # Ref's
        """Record it."""
        if timeout is not None:
            timeout = check_timeout(timeout)
        return self._cell.tell(message, None, timeout)


class _StandInCell:
    """A neighbour's cell as far as senders see it."""

    def __init__(self, cell: Cell, bus: RecordingBus) -> None:
        self._real = cell
        self._bus = bus

    def tell(self, message: object, sender: Cell | None, timeout: float | None) -> Outcome[None]:
        return self._bus.send(LOCAL / (self._real.name or ""), message, timeout, sender)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def __str__(self) -> str:
        return str(self._real)


def _address(to: Ref[Any] | Address[Any] | GroupAddress[Any]) -> Address[Any] | GroupAddress[Any]:
    if not isinstance(to, Ref):
        return to
    return to.address or Address(LOCAL, "unknown")
