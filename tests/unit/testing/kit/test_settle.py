"""A bus is at rest when nothing moves on it, and one that never rests is named."""

from __future__ import annotations

import pytest

from peerbus.actors import LOCAL, Actor, Bus
from peerbus.testing.kit import settle
from peerbus.testing.kit.settle import settled


class Countdown(Actor):
    """Sends itself what is left, until 0."""

    def __init__(self) -> None:
        super().__init__()
        self.handled = 0

    def on_receive(self, message: object) -> None:
        assert isinstance(message, int)
        self.handled += 1
        if message:
            self.tell(self.address, message - 1)


async def test_what_follows_from_what_was_sent_is_done_when_it_returns() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Countdown, name="countdown")
        await bus.tell(LOCAL / "countdown", 100)
        await settled(bus)
        actor = ref._cell.actor
        assert isinstance(actor, Countdown)
        assert actor.handled == 101


async def test_actors_that_never_rest_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "MAX_TURNS", 100)
    async with Bus() as bus:
        ref = bus.spawn(Countdown, name="countdown")
        await bus.tell(LOCAL / "countdown", -1)
        with pytest.raises(AssertionError, match="does not come to rest"):
            await settled(bus)
        ref._cell.kill("the test is over")
