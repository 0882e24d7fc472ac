"""Actors that block a thread of their own until a test lets them go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peerbus.actors import (
    Actor,
    Ref,
    Terminated,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell


@dataclass(frozen=True)
class Wait:
    gate: threading.Event


def thread_of(ref: Ref[Any]) -> threading.Thread:
    """The thread that runs the actor."""
    assert isinstance(ref._cell, ThreadCell)
    return ref._cell.thread


class Blocking(Actor):
    """Blocks its thread until a gate opens."""

    dispatcher = "thread"

    def __init__(self, events: list[object] | None = None) -> None:
        super().__init__()
        self.events: list[object] = [] if events is None else events

    def on_start(self) -> None:
        self.events.append("start")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")

    def on_failure(self, *_: object) -> None:
        self.events.append("failure")

    @handles(Wait)
    def wait(self, message: Wait) -> str:
        message.gate.wait(10)
        return threading.current_thread().name

    @handles(int)
    def number(self, message: int) -> int:
        self.events.append(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        await asyncio.sleep(message)
        self.events.append(message)
        return message

    @handles(str)
    def fail(self, message: str) -> None:
        raise ValueError(message)

    @handles(bytes)
    def stop_timer(self, _: bytes) -> None:
        self.every(0.001, 1)


async def until(condition: Callable[[], object]) -> None:
    """Look again until another thread has made it so."""
    while not condition():  # noqa: ASYNC110  # nothing tells this loop of it
        await asyncio.sleep(0.001)


class Watcher(Actor):
    """Answers with the next Terminated."""

    def __init__(self, *targets: Ref[Actor]) -> None:
        super().__init__()
        self.targets = targets
        self.gone: asyncio.Queue[Terminated] = asyncio.Queue()

    def on_start(self) -> None:
        for target in self.targets:
            self.watch(target)

    @handles(Terminated)
    def ended(self, message: Terminated) -> None:
        self.gone.put_nowait(message)

    @handles(str, reentrant=True)
    async def wait(self, _: str) -> Terminated:
        return await self.gone.get()
