from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from peerbus.actors import Actor, Bus
from peerbus.actors.engine import HandingCell
from peerbus.actors.mailbox import Envelope


class Turnstile(HandingCell):
    """Takes as many as it was told."""

    __slots__ = ("emptied_times", "left", "taken")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.left, self.emptied_times = 0, 0
        self.taken: list[object] = []

    def may_take(self, head: Envelope | None) -> bool:
        return head is None or self.left > 0

    def take_one(self, envelope: Envelope) -> object:
        if type(envelope.message) is not str:
            return self.handle(envelope)
        self.left -= 1
        self.taken.append(envelope.message)
        return None

    def emptied(self) -> None:
        self.emptied_times += 1


class Gatekeeper(Actor):
    cell_class: ClassVar[type[Any] | None] = Turnstile


@pytest.mark.pure("it stands on a class of the core")
async def test_it_takes_what_it_may_in_order_and_goes_on_when_it_is_told() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Gatekeeper)
        await bus.started(ref)
        cell = ref._cell
        assert isinstance(cell, Turnstile)
        for word in ("a", "b", "c"):
            await bus.tell(ref, word)
        await asyncio.sleep(0)
        assert cell.taken == []
        assert not cell.mailbox.overlooked(held=True)
        cell.left = 2
        cell.go_on()
        await asyncio.sleep(0)
        assert cell.taken == ["a", "b"]
        cell.left = 64
        cell.go_on()
        await asyncio.sleep(0)
        assert (cell.taken, cell.emptied_times) == (["a", "b", "c"], 2)
        ref.stop(block=False)  # what is its own it takes at once
        await bus.actors.end_of(cell)
