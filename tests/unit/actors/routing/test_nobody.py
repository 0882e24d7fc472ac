"""A send that reaches nobody: the sentence that says why and what to do, and what becomes of the message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    Bus,
    Channel,
    DeadLetter,
    GroupAddress,
    NoSuchReactor,
    Peer,
    Reactor,
    Role,
    SendError,
    handles,
)
from peerbus.actors.routing.nobody import not_sent, why_nobody
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> int:
        return get.height


STRANGER = "ab" * 32
WAIT = "; tell, ask and stream wait for one with wait_for_peer=True"


def test_the_sentence_begins_with_what_was_not_sent_where() -> None:
    assert not_sent(LOCAL / "blocks", Get(1)) == "Get was not sent to bus://local/blocks"
    assert not_sent(LOCAL / "blocks", None) == "a message was not sent to bus://local/blocks"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (LOCAL / "blocks", "alone runs no actor called 'blocks'; spawn it, or list it in reactors=[…]"),
        (Peer(STRANGER) / "blocks", "that peer is not connected; a bus has no network of its own, so give the program"),
        (Role("archive") / "blocks", "no peer is connected; a bus has no network of its own, so give the program"),
        (EVERYONE / "blocks", "no peer is connected; a bus has no network of its own, so give the program a Node"),
    ],
    ids=["here", "peer", "role", "everyone"],
)
async def test_where_no_peer_is_it_says_so(to: Address[Any] | GroupAddress[Any], why: str) -> None:
    async with Bus("alone") as bus:
        said = why_nobody(bus, to)
        assert said.startswith(why)
        assert said.endswith(WAIT)
        assert why_nobody(bus, to, waited=True) == said.removesuffix(WAIT)


async def test_where_peers_are_it_says_what_none_of_them_has() -> None:
    async with Bus() as bus, PeerProbe(bus, reactors=[Blocks], roles={"archive{from=0}"}) as peer:
        said: dict[Address[Any] | GroupAddress[Any], str] = {
            Peer(peer.id) / "other": "that peer is connected but runs no reactor 'other'; start it there",
            Role("miner") / Blocks: "no connected peer offers the role 'miner' (1 connected, offering archive)",
            Role("archive", where="from>5") / Blocks: "no connected peer offers it with from>5 (1 of 1 offer the role",
            Role("archive") / "other": "no connected peer that offers it runs the reactor 'other' (1 of 1 offer the",
            EVERYONE / "other": "no connected peer runs the reactor 'other' (1 connected); start a node that does",
        }
        for to, why in said.items():
            assert why_nobody(bus, to).startswith(why)
        assert why_nobody(bus, EVERYONE / Blocks, 2).startswith("1 of the 2 receivers that it needs is there; start")


async def test_the_send_is_counted_and_its_message_is_a_dead_letter() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        with pytest.raises(NoSuchReactor) as nobody:
            await bus.tell(LOCAL / "nobody", Get(7))
        letter = await letters.get()
        assert (letter.message, letter.reason, letter.to) == (Get(7), "no_such_reactor", "bus://local/nobody")
        assert nobody.value.message == Get(7)
        assert bus.statistics().failed == {"no_such_reactor": 1}
        assert bus.ledger().astray["-"].failed == {"no_such_reactor": 1}


async def test_a_bus_hears_of_each_send_that_reaches_nobody_by_its_own_method() -> None:
    """The child of a fork puts another one in its place, as may who derives from Bus."""

    class Hears(Bus):
        def dead_letter(
            self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
        ) -> None:
            heard.append((message, reason, str(to)))

    heard: list[tuple[object, str, str]] = []
    async with Hears() as bus:
        for send in (bus.tell, bus.ask):
            with pytest.raises(NoSuchReactor):
                await send(LOCAL / "nobody", "message")
    assert heard == [("message", "no_such_reactor", "bus://local/nobody")] * 2
