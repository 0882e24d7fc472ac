"""A reply-to in a message: it works wherever it arrives, over two hops and back, and gives nobody a right."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Address,
    Channel,
    Destination,
    Message,
    MessageTypeError,
    NoRoute,
    NotAllowed,
    Peer,
    Reactor,
    Role,
    handles,
)
from peerbus.node import Allow, Node, Permissions
from peerbus.testing import Simulation


class Answer(Message):
    text: str


class Question(Message):
    text: str
    hops: int
    reply_to: Destination[Answer]


class Inbox(Reactor):
    channel = Channel("inbox", messages=(Answer,))

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, str | None]] = []

    @handles(Answer)
    def take(self, answer: Answer, sender: Address[Any] | None) -> None:
        self.got.append((answer.text, None if sender is None else str(sender.where)))


class Relay(Reactor):
    """Hands a question on to the next node, and the last one answers."""

    channel = Channel("relay", messages=(Question,))

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.failed: list[Exception] = []
        self.seen: list[object] = []

    @handles(Question)
    async def pass_on(self, question: Question) -> None:
        self.seen.append(question.reply_to)
        try:
            if question.hops:
                further = Question(question.text, question.hops - 1, question.reply_to)
                await self.tell(Role(f"after-{self.name}") / Relay, further)
            else:
                await self.tell(question.reply_to, Answer(f"{question.text} by {self.name}"))
        except Exception as error:  # noqa: BLE001  # looked at by the test
            self.failed.append(error)


class Ring:
    """alice, bob, carol: each knows the next by a role, and all are connected."""

    def __init__(self, sim: Simulation, permissions: dict[str, Permissions] | None = None) -> None:
        self.sim = sim
        self.inboxes: dict[str, Inbox] = {}
        self.relays: dict[str, Relay] = {}
        self.nodes: dict[str, Node] = {}
        self.permissions = permissions or {}

    async def start(self) -> None:
        before = {"alice": "carol", "bob": "alice", "carol": "bob"}
        for name, previous in before.items():
            self.nodes[name] = await self.sim.node(
                name,
                reactors=[self._inbox(name), self._relay(name)],
                offers={f"after-{previous}"},
                permissions=self.permissions.get(name, Permissions()),
            )
        await self.sim.until(lambda: all(len(node.peers) == 2 for node in self.nodes.values()), within=10)

    def _inbox(self, name: str) -> Any:
        def make() -> Inbox:
            self.inboxes[name] = Inbox()
            return self.inboxes[name]

        return make

    def _relay(self, name: str) -> Any:
        def make() -> Relay:
            self.relays[name] = Relay(name)
            return self.relays[name]

        return make


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_a_reply_comes_back_over_as_many_hops_as_it_was_carried(hops: int) -> None:
    sim = Simulation(seed=hops)

    async def scenario() -> None:
        ring = Ring(sim)
        await ring.start()
        alice = ring.nodes["alice"]
        inbox: Any = alice.bus.cell("inbox")
        await alice.tell(Role("after-alice") / Relay, Question("a", hops, LOCAL / Inbox))
        await alice.tell(Role("after-alice") / Relay, Question("b", hops, inbox.ref))
        last = ("bob", "carol", "alice")[hops]
        where = "local" if last == "alice" else ring.nodes[last].node_id
        expected = [(f"a by {last}", where), (f"b by {last}", where)]
        await sim.until(lambda: ring.inboxes["alice"].got == expected, within=5)
        assert ring.relays["bob"].seen == [Peer(alice.node_id) / "inbox"] * 2

    sim.run(scenario())


def test_an_address_of_a_peer_gives_it_no_right() -> None:
    """What is sent to it is sent by whoever sends, and arrives where that one may send."""
    sim = Simulation(seed=5)

    async def scenario() -> None:
        nobody = Permissions(channels={"inbox": Allow(tell=[])})
        ring = Ring(sim, {"alice": nobody})
        await ring.start()
        alice, bob, carol = ring.nodes.values()
        # bob names alice's inbox, where nobody may tell, to carol: nor may she.
        await bob.tell(Peer(carol.node_id) / Relay, Question("a", 0, Peer(alice.node_id) / Inbox))
        await sim.until(lambda: carol.bus.statistics().dead_letters.get(NotAllowed.reason), within=5)
        # bob names carol's own inbox to her: it is her who tells it, as herself.
        await bob.tell(Peer(carol.node_id) / Relay, Question("b", 0, Peer(carol.node_id) / Inbox))
        await sim.until(lambda: ring.inboxes["carol"].got == [("b by carol", "local")], within=5)
        assert not ring.inboxes["alice"].got

    sim.run(scenario())


def test_what_no_peer_could_answer_to_is_refused_where_it_is_sent() -> None:
    sim = Simulation(seed=6)

    async def scenario() -> None:
        ring = Ring(sim)
        await ring.start()
        alice, bob = ring.nodes["alice"], ring.nodes["bob"]
        foreign: Any = bob.bus.cell("inbox")
        for to, why in ((foreign.ref, "runs on another node"), (LOCAL / "peerbus.node", "has no channel")):
            with pytest.raises(MessageTypeError, match=why):
                await alice.tell(Role("after-alice") / Relay, Question("a", 0, to))
        # Nobody of that id is connected: the address holds, and whoever sends to it is told.
        await alice.tell(Role("after-alice") / Relay, Question("a", 0, Peer("ab" * 32) / "inbox"))
        await sim.until(lambda: ring.relays["bob"].failed, within=5)
        assert isinstance(ring.relays["bob"].failed[0], NoRoute)

    sim.run(scenario())
