"""Outcomes of every kind, and how to get one of each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    NoSuchReactor,
    Outcome,
    Reactor,
    RemoteError,
    Role,
    handles,
)
from peerbus.actors.routing.deferred import Deferred
from peerbus.actors.routing.role_ask import RoleAsk
from peerbus.actors.sends.ask import AskFuture, AskWaiting
from peerbus.actors.sends.combined import Gathered
from peerbus.actors.sends.outcome import DELIVERED, GAVE_WAY, Delivered, FailedOutcome, GaveWay
from peerbus.actors.sends.reply_future import ReplyFuture
from peerbus.actors.sends.thread_wait import ForeignWaiting
from peerbus.actors.sends.waiting import Waiting


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Why:
    text: str


@dataclass(frozen=True)
class Hold:
    pass


class Twice(Reactor):
    channel = Channel("twice", messages=(Number, Why), idempotent=(Number,), mailbox=1)

    @handles(Number)
    async def double(self, message: Number) -> int:
        await asyncio.sleep(0)
        return 2 * message.value

    @handles(Why)
    def refuse(self, message: Why) -> None:
        raise RemoteError("no", message.text)


class Late(Twice):
    channel = Channel("late", messages=(Number, Why))


class Held(Reactor):
    """On a thread that is held up until it is let go."""

    channel = Channel("held", messages=(Number, Hold), idempotent=(Number,), mailbox=1)
    dispatcher = "thread"

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go = threading.Event(), threading.Event()

    @handles(Number)
    def double(self, message: Number) -> int:
        return 2 * message.value

    @handles(Hold)
    def hold(self, _: Hold) -> None:
        self.began.set()
        self.go.wait(10)


def waiting(bus: Bus) -> Outcome[Any]:
    assert bus.tell(LOCAL / "twice", Number(1)) is DELIVERED
    return bus.tell(LOCAL / "twice", Number(4))


def ask_waiting(bus: Bus) -> Outcome[Any]:
    assert bus.tell(LOCAL / "twice", Number(1)) is DELIVERED
    return bus.ask(LOCAL / "twice", Number(4))


def foreign(bus: Bus) -> Outcome[Any]:
    cell = bus.cell("held")
    assert cell is not None
    actor = cell.actor
    assert isinstance(actor, Held)
    assert bus.tell(LOCAL / "held", Hold()) is DELIVERED
    assert actor.began.wait(10)
    assert bus.tell(LOCAL / "held", Number(1)) is DELIVERED
    outcome = bus.tell(LOCAL / "held", Number(4))
    actor.go.set()
    return outcome


def deferred(bus: Bus) -> Outcome[Any]:
    outcome = bus.ask(LOCAL / "late", Number(4), wait_for_peer=True)
    asyncio.get_running_loop().call_later(0.01, lambda: bus.spawn(Late))
    return outcome


def bridged(bus: Bus) -> Outcome[Any]:
    made: list[Outcome[Any]] = []
    thread = threading.Thread(target=lambda: made.append(bus.ask(LOCAL / "twice", Number(4))))
    thread.start()
    thread.join()
    return made[0]


def of_ref(bus: Bus) -> Any:
    cell = bus.cell("twice")
    assert cell is not None
    assert cell.ref is not None
    return cell.ref.ask(Number(4), block=False)


#: How to get one of each kind, its class, and what awaiting it gives, or the class of what it raises.
KINDS: dict[str, tuple[Callable[[Bus], Outcome[Any]], type, object]] = {
    "delivered": (lambda bus: bus.tell(LOCAL / "twice", Number(4)), Delivered, None),
    "delivered, after others": (lambda bus: GAVE_WAY, GaveWay, None),
    "failed": (lambda bus: bus.tell(LOCAL / "nobody", Number(4)), FailedOutcome, NoSuchReactor),
    "a tell that waits": (waiting, Waiting, None),
    "a tell that waits for a thread": (foreign, ForeignWaiting, None),
    "an ask": (lambda bus: bus.ask(LOCAL / "twice", Number(4)), AskFuture, 8),
    "an ask that is refused": (lambda bus: bus.ask(LOCAL / "twice", Why("not")), AskFuture, RemoteError),
    "an ask that waits": (ask_waiting, AskWaiting, 8),
    "an ask of a thread": (lambda bus: bus.ask(LOCAL / "held", Number(4)), AskFuture, 8),
    "an ask of a ref": (of_ref, ReplyFuture, 8),
    "an ask of a ref, mapped": (lambda bus: of_ref(bus).map(str), ReplyFuture, "8"),
    "an ask from a thread": (bridged, ReplyFuture, 8),
    "an ask of several": (lambda bus: bus.ask(Role("r", "all") / "twice", Number(4)), Gathered, {"local": 8}),
    "an ask of one of a role's": (lambda bus: bus.ask(Role("r") / "twice", Number(4)), RoleAsk, 8),
    "an ask that waits for a peer": (deferred, Deferred, 8),
}


async def plain(outcome: Any) -> object:
    return await outcome
