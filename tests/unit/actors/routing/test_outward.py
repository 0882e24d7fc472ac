from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    Bus,
    Channel,
    GroupAddress,
    Message,
    NoSuchReactor,
    Peer,
    Reactor,
    Role,
    handles,
)
from peerbus.actors.messages import How
from peerbus.actors.routing import Outward
from peerbus.actors.sends import Outcome


class Go(Message):
    """Where to send."""

    to: str


class Goer(Reactor):
    channel = Channel("goer", messages=(Go,))

    @handles(Go)
    async def go(self, message: Go) -> str:
        return str(await self.ask(Peer("0" * 64) / "goer", message, timeout=1))


class Noted(Outward):
    """Notes what goes by it, and gives the next outcome."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def _note(self, what: str, to: object, sender: Address[object] | None) -> Outcome[Any]:
        self.sent.append((what, str(to), str(sender)))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(f"{what} done")
        return future  # type: ignore[return-value]  # as much of an outcome as the test awaits

    def tell(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        return self._note("tell", to, sender)

    def tell_many(
        self,
        to: Address[Any] | GroupAddress[Any],
        messages: Sequence[object],
        timeout: float | None,
        sender: Address[object] | None,
    ) -> Outcome[Any]:
        return self._note(f"tell {len(messages)}", to, sender)

    def ask(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: Any,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        return self._note("ask", to, sender)

    def watch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        self.sent.append(("watch", str(target), str(watcher)))

    def unwatch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        self.sent.append(("unwatch", str(target), str(watcher)))


async def test_what_is_not_of_this_node_goes_out_by_it_with_its_sender_and_the_rest_does_not() -> None:
    async with Bus(reactors=[Goer]) as bus:
        bus.outward = way = Noted()
        peer = Peer("0" * 64) / "goer"
        told: object = await bus.send(peer, Go(""), None, None)
        assert told == "tell done"
        assert await bus.ask(Role("count") / "goer", Go("")) == "ask done"
        assert await bus.ask(EVERYONE / "goer", Go("")) == "ask done"
        assert await bus.tell_many(EVERYONE / "goer", [Go("")] * 3) == "tell 3 done"
        assert await bus.ask(LOCAL / Goer, Go(""), timeout=5) == "ask done"
        cell = bus.cell("goer")
        assert cell is not None
        bus.watch(peer, cell)
        bus.unwatch(peer, cell)
        here, role = f"bus://{'0' * 64}/goer", "bus://role:count/goer"
        assert way.sent == [
            ("tell", here, "None"),
            ("ask", role, "None"),
            ("ask", "bus://all/goer", "None"),
            ("tell 3", "bus://all/goer", "None"),
            ("ask", here, "bus://local/goer"),
            ("watch", here, "bus://local/goer"),
            ("unwatch", here, "bus://local/goer"),
        ]
        with pytest.raises(NoSuchReactor):
            await bus.tell(LOCAL / "nobody", Go(""))
