"""An actor that writes down what happens to it."""

from __future__ import annotations

import asyncio

from peerbus.actors import (
    Actor,
    handles,
)


class Log(Actor):
    """Notes what happens in `events`."""

    def __init__(self, events: list[object] | None = None) -> None:
        super().__init__()
        self.events: list[object] = [] if events is None else events

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("start")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")

    def on_failure(self, *_: object) -> None:
        self.events.append("failure")

    @handles(int)
    def number(self, message: int) -> int:
        self.events.append(message)
        return message

    @handles(float)
    async def nap(self, seconds: float) -> float:
        self.events.append(f"nap {seconds}")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.events.append("awake")
        return seconds

    @handles(str)
    def fail(self, message: str) -> None:
        raise ValueError(message)

    @handles(bytes)
    async def fail_later(self, message: bytes) -> None:
        await asyncio.sleep(0)
        raise ValueError(message)
