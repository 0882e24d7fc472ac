"""Waiting for bytes of a stream: the one coroutine of the reading half."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ..streams import Pushing, Stream

__all__ = ["BytesTaker", "TurnTaker", "read_on"]


class BytesTaker(Protocol):
    """What takes them."""

    @property
    def stopped(self) -> bool:
        """It takes nothing more."""

    def received(self, data: bytes) -> None:
        """Bytes came. Raises what is wrong with them."""

    def pusher(self) -> Callable[[bytes], None]:
        """What takes bytes in the very turn in which they come, and raises nothing."""

    def ended(self, error: BaseException | None) -> None:
        """Nothing more comes: the other side has closed the stream, or this happened."""


@runtime_checkable
class TurnTaker(Protocol):
    """One that may leave some of what it was given for later."""

    def behind(self) -> asyncio.Future[None] | None:
        """What is done when nothing may be left any more; None: nothing is."""


async def read_on(stream: Stream, taker: BytesTaker, leftover: bytes) -> None:
    """Hand over `leftover`, and then what comes, until the end."""
    turns = taker if isinstance(taker, TurnTaker) else None
    try:
        await asyncio.sleep(0)  # the router has this turn: an actor that gets a message can answer it
        try:
            taker.received(leftover)
            if isinstance(stream, Pushing):
                stream.push_to(taker.pusher())
            while not taker.stopped:
                data = await stream.read()
                if not data or taker.stopped:
                    break
                taker.received(data)
                await _caught_up(turns)
        except Exception as error:  # noqa: BLE001  # whatever it is, the owner ends this connection, and nothing else
            await _caught_up(turns)
            taker.ended(error)
            return
        await _caught_up(turns)
        taker.ended(None)
    finally:
        del taker, turns  # the error of its cancel keeps this frame, see actors/sends/outcome


async def _caught_up(turns: TurnTaker | None) -> None:
    while turns is not None and (behind := turns.behind()) is not None:
        await behind
