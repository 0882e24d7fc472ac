"""Wrong answers: whoever gave one is named to the asker and in the log, here and at a peer in the same words."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from peerbus.actors import LOCAL, Channel, Message, MessageTypeError, Peer, Reactor, Request, handles
from peerbus.node import Node
from peerbus.testing import Simulation


class Hello(Message, Request[str]):
    pass


class Many(Message, Request[list[int]]):
    pass


class Forgets(Message, Request[str]):
    pass


class Bad(Reactor):
    channel = Channel("bad", messages=(Hello, Many, Forgets))

    @handles(Hello)
    def hello(self, _):  # type: ignore[no-untyped-def]  # as in a program without types
        return 5

    @handles(Many)
    def many(self, _):  # type: ignore[no-untyped-def]
        return [1, "2"]

    @handles(Forgets)
    async def forgets(self, _):  # type: ignore[no-untyped-def]
        return asyncio.get_running_loop().create_future()


@pytest.mark.seeds(1)
async def test_a_wrong_answer_names_who_gave_it_in_the_same_words_here_and_at_a_peer(sim: Simulation) -> None:
    alice = await sim.node("alice", reactors=[Bad])
    bob = await sim.node("bob", peers=["memory://alice"], channels=[Bad.channel])
    with capture_logs() as logged:
        await ask_both(alice, bob)
    lines = [line for line in logged if line["event"] == "wrong answer"]
    assert [(line["node"], line["actor"], line["log_level"]) for line in lines] == [("alice", "bad", "warning")] * 6


async def ask_both(alice: Node, bob: Node) -> None:
    for node, to in ((alice, LOCAL / Bad), (bob, Peer(alice.node_id) / Bad)):
        for message, text in (
            (Hello(), "bad answered Hello with an int, not a str"),
            (Many(), "bad answered Many with a list: "),
            (Forgets(), "bad answered Forgets with a Future, which nobody awaited: await it"),
        ):
            with pytest.raises(MessageTypeError) as caught:
                await node.ask(to, message, wait_for_peer=True)
            assert text in str(caught.value)
