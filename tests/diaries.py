"""Actors that write down in which order they work and end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    PeerbusError,
    Ref,
    RemoteError,
    SendError,
    handles,
)


class Diary(Actor):
    """Keeps what it is told, and writes down its end."""

    def __init__(self, pages: list[str]) -> None:
        super().__init__()
        self.pages = pages

    @handles(int)
    def note(self, number: int) -> int:
        self.pages.append(str(number))
        return number

    def on_stop(self) -> None:
        self.pages.append(f"end of {self.address.reactor}")


class Jobs(Actor):
    """Each job takes a moment, and then tells or asks the actor called `to`."""

    def __init__(self, to: str, *, asks: bool = False) -> None:
        super().__init__()
        self.to = LOCAL / to
        self.asks = asks
        self.failed: list[SendError | RemoteError] = []

    @handles(int)
    async def job(self, number: int) -> None:
        await asyncio.sleep(0.001)
        try:
            await (self.ask(self.to, number) if self.asks else self.tell(self.to, number))
        except (SendError, RemoteError) as error:
            self.failed.append(error)


class ThreadJobs(Jobs):
    """The same on a thread of its own."""

    dispatcher = "thread"


def diary(name: str, pages: list[str]) -> Callable[[Bus], object]:
    return lambda bus: bus.spawn(Diary, pages, name=name)


async def end_of(bus: Bus, ref: Ref[Any]) -> BaseException | None:
    try:
        await bus.ask(ref, 1, timeout=60)
    except (SendError, PeerbusError) as error:
        return error
    return None
