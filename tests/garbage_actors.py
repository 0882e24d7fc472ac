"""Actors that end, fail and refuse in every way, for tests of what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pykka
from garbage import turns

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Channel,
    Directive,
    Overflow,
    PeerbusError,
    Reactor,
    Ref,
    Supervision,
    handles,
)

Scenario = Callable[[Bus], Awaitable[object]]
#: What a send raises, here: all of it is caught, as a program does.
ERRORS = (
    PeerbusError,
    pykka.ActorDeadError,
    pykka.Timeout,
    TimeoutError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
)


@dataclass(frozen=True)
class Work:
    """To be done at once."""

    what: str = ""


@dataclass(frozen=True)
class Fail:
    """Its handler fails."""

    what: str = ""


@dataclass(frozen=True)
class FailLater:
    """Its handler fails after a while."""

    what: str = ""


@dataclass(frozen=True)
class Sleep:
    """Its handler takes longer than anybody waits."""

    what: str = ""


@dataclass(frozen=True)
class SleepBeside:
    """As Sleep; others are handled meanwhile."""

    what: str = ""


@dataclass(frozen=True)
class FailBeside:
    """As FailLater; others are handled meanwhile."""

    what: str = ""


@dataclass(frozen=True)
class PassOn:
    """Its handler asks another actor."""

    to: str
    what: str


class Worker(Reactor):
    channel = Channel("worker", messages=(Work, Fail, FailLater, Sleep, SleepBeside, FailBeside, PassOn))
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    @handles(Work)
    def work(self, _: Work) -> str:
        return "done"

    @handles(Fail)
    def fail(self, wanted: Fail) -> None:
        raise LookupError(wanted)

    @handles(FailLater)
    async def fail_later(self, wanted: FailLater) -> None:
        await asyncio.sleep(0.001)
        raise LookupError(wanted)

    @handles(FailBeside, reentrant=True)
    async def fail_beside(self, wanted: FailBeside) -> None:
        await asyncio.sleep(0.001)
        raise LookupError(wanted)

    @handles(Sleep)
    async def sleep(self, _: Sleep) -> None:
        await asyncio.sleep(1000)

    @handles(SleepBeside, reentrant=True)
    async def sleep_beside(self, _: SleepBeside) -> None:
        await asyncio.sleep(1000)

    @handles(PassOn, reentrant=True)
    async def pass_on(self, wanted: PassOn) -> object:
        message = {"work": Work(), "fail": Fail(), "sleep": Sleep()}[wanted.what]
        return await self.ask(LOCAL / wanted.to, message, timeout=0.01)


class OnThread(Worker):
    channel = Channel("thread", messages=(Work, Fail, FailLater, PassOn))  # type: ignore[assignment]  # it takes less
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


class Refuses(Reactor):
    """Its one place is taken: by a message that it handles until it stops."""

    channel = Channel("refuses", messages=(Sleep,), mailbox=1, overflow=Overflow.REJECT)

    @handles(Sleep)
    async def sleep(self, _: Sleep) -> None:
        await asyncio.sleep(1000)


class LetsWait(Refuses):
    channel = Channel("waits", messages=(Sleep,), mailbox=1)


class Echo(Actor):
    """Takes what comes, by `on_receive`; as in Pykka a tell that fails is the actor's failure."""

    def on_receive(self, message: object) -> object:
        if isinstance(message, Fail):
            raise LookupError(message)
        return message


async def caught(send: Callable[[], Any]) -> None:
    """Send, await, and catch what there is to catch. The outcome is in no variable: that would be the caller's own."""
    with contextlib.suppress(*ERRORS):
        await send()


def got(send: Callable[[], Any]) -> None:
    """As `caught`, on a thread."""
    with contextlib.suppress(*ERRORS):
        send().get(timeout=3)


def called(call: Callable[[], object]) -> None:
    """As `caught`, of what raises by itself."""
    with contextlib.suppress(*ERRORS):
        call()


async def fill(bus: Bus) -> None:
    for actor in ("refuses", "waits"):
        for _ in range(3):
            await caught(lambda actor=actor: bus.tell(LOCAL / actor, Sleep(), timeout=0.01))  # type: ignore[misc]
            await turns()


STOPPED: weakref.WeakKeyDictionary[Bus, Ref[Any]] = weakref.WeakKeyDictionary()
