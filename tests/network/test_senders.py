"""Who sent a message is one thing, here and there: an address that can be told, or None."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from clusters import Cluster
from virtual_time import in_real_time, in_virtual_time

from peerbus.actors import EVERYONE, LOCAL, Actor, Address, Bus, Channel, Peer, Reactor, handles, parse_address
from peerbus.node import Node
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Ping:
    number: int


@dataclass(frozen=True)
class Pong:
    number: int


@dataclass(frozen=True)
class Go:
    to: str


class Answers(Reactor):
    """Tells each sender, and remembers who it was."""

    channel = Channel("answers", messages=(Ping,))

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[Address[object] | None] = []

    @handles(Ping)
    async def ping(self, ping: Ping, sender: Address[object] | None) -> None:
        self.senders.append(sender)
        if sender is not None:
            await self.tell(sender, Pong(ping.number))


class Child(Actor):
    """Sends pings to an address when it is told to, and hears what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Pong] = []

    @handles(Pong)
    def pong(self, pong: Pong) -> None:
        self.heard.append(pong)

    @handles(Go)
    async def send(self, go: Go) -> None:
        to: Any = parse_address(go.to)
        await self.tell(to, Ping(1))
        await self.ask(to, Ping(2))


class Asks(Child, Reactor):
    channel = Channel("asks", messages=(Pong, Go))


class AsksOnThread(Asks):
    channel = Channel("asks.thread", messages=(Pong, Go))
    dispatcher = "thread"

    @handles(Go)
    def send(self, go: Go) -> None:  # type: ignore[override]  # the same on a thread
        to: Any = parse_address(go.to)
        self.tell(to, Ping(1)).get(timeout=5)
        self.ask(to, Ping(2)).get(timeout=5)


class AnswersOnThread(Answers):
    channel = Channel("answers.thread", messages=(Ping,))
    dispatcher = "thread"

    @handles(Ping)
    def ping(self, ping: Ping, sender: Address[object] | None) -> None:  # type: ignore[override]  # as above
        self.senders.append(sender)
        if sender is not None:
            self.tell(sender, Pong(ping.number)).get(timeout=5)


def actor_of(node: Node, name: str) -> Any:
    cell = node.bus.cell(name)
    assert cell is not None
    return cell.actor


@pytest.mark.parametrize("answers", [Answers, AnswersOnThread], ids=["loop", "thread"])
@pytest.mark.parametrize("asks", [Asks, AsksOnThread], ids=["from the loop", "from a thread"])
@pytest.mark.parametrize("far", [False, True], ids=["here", "there"])
@in_real_time
async def test_a_reactor_is_told_by_the_sender_that_its_message_came_with(
    answers: type[Answers], asks: type[Asks], far: bool
) -> None:
    cluster = Cluster()
    alice = cluster.node("alice", reactors=[asks], channels=[answers.channel])
    bob = cluster.node("bob", peers=("alice",), reactors=[answers] if far else [], channels=[asks.channel])
    async with cluster.running(alice, bob):
        if not far:
            alice.spawn(answers)
        to: Address[Any] = (Peer(bob.node_id) if far else LOCAL) / answers
        asker = actor_of(alice, asks.channel.name)
        async with asyncio.timeout(10):
            await asker.bus.tell(asker.actor_ref, Go(str(to)))
            while len(asker.heard) < 2:  # noqa: ASYNC110  # a list tells nobody
                await asyncio.sleep(0.001)
        assert asker.heard == [Pong(1), Pong(2)]
        where = Peer(alice.node_id) if far else LOCAL
        assert actor_of(bob if far else alice, answers.channel.name).senders == [where / asks.channel.name] * 2


@pytest.mark.parametrize("far", [False, True], ids=["here", "there"])
@in_virtual_time
async def test_plain_code_is_no_sender(far: bool) -> None:
    cluster = Cluster()
    alice, bob = cluster.node("alice", channels=[Answers.channel]), cluster.node("bob", peers=("alice",))
    async with cluster.running(alice, bob):
        (bob if far else alice).spawn(Answers)
        await asyncio.sleep(1)
        to: Address[Any] = (Peer(bob.node_id) if far else LOCAL) / Answers
        await alice.tell(to, Ping(1))
        await alice.ask(to, Ping(2))
        assert actor_of(bob if far else alice, "answers").senders == [None, None]


@in_virtual_time
async def test_an_actor_without_a_channel_is_told_on_its_node_and_is_no_sender_elsewhere() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", channels=[Answers.channel])
    bob = cluster.node("bob", peers=("alice",), reactors=[Answers])
    async with cluster.running(alice, bob):
        alice.spawn(Answers)
        for name in (None, "by-name", "asks"):  # the last is the name of a channel, which it has not
            child = alice.spawn(Child, name=name)
            await alice.tell(child, Go(str(LOCAL / Answers)))
            await alice.tell(child, Go(str(Peer(bob.node_id) / Answers)))
            await asyncio.sleep(1)
            assert child._cell.actor.heard == [Pong(1), Pong(2)]  # type: ignore[union-attr]  # it runs
            assert actor_of(alice, "answers").senders[-2:] == [child.address] * 2
            assert actor_of(bob, "answers").senders[-2:] == [None, None]


@pytest.mark.seeds(6)
async def test_a_reactor_that_sends_before_it_has_started_is_a_sender_too(sim: Simulation) -> None:
    class Early(Asks):
        async def on_started(self) -> None:
            await self.tell(EVERYONE / Answers, Ping(7))
            await self.tell(EVERYONE / Answers, Ping(8))

    bob = await sim.node("bob", reactors=[Answers], channels=[Asks.channel])
    alice = await sim.node("alice", channels=[Answers.channel])
    await sim.until(lambda: alice.peers and bob.peers, within=30)
    early = alice.spawn(Early)
    await sim.until(lambda: len(early._cell.actor.heard) == 2, within=5)  # type: ignore[union-attr]  # it runs
    assert actor_of(bob, "answers").senders == [Peer(alice.node_id) / "asks"] * 2


@pytest.mark.seeds(2)
async def test_who_takes_the_name_of_a_reactor_that_has_stopped_is_not_taken_for_it(sim: Simulation) -> None:
    bob = await sim.node("bob", reactors=[Answers], channels=[Asks.channel])
    alice = await sim.node("alice", reactors=[Asks], channels=[Answers.channel])
    await sim.until(lambda: alice.peers and bob.peers, within=30)
    cell = alice.bus.cell("asks")
    assert cell is not None
    assert cell.ref is not None
    await cell.ref.stop(block=False)
    await sim.quiet()
    child = alice.spawn(Child, name="asks")
    await alice.tell(child, Go(str(Peer(bob.node_id) / Answers)))
    await sim.quiet()
    assert actor_of(bob, "answers").senders == [None, None]


@in_real_time
async def test_an_actor_of_another_bus_is_no_sender() -> None:
    """Its address would mean an actor of this bus."""

    class Sends(Actor):
        @handles(tuple)
        async def send(self, what: Any) -> None:
            await self.tell(what[0], Ping(1))
            await self.ask(what[0], Ping(2))

    async with Bus("one") as one, Bus("two") as two:
        ref = two.spawn(Answers)
        await one.ask(one.spawn(Sends, name="answers"), (ref,))
        assert ref._cell.actor.senders == [None, None]  # type: ignore[union-attr]  # it runs


def test_an_actor_without_a_bus_is_no_sender() -> None:
    got, done = [], threading.Event()

    class Hears(Actor):
        @handles(str)
        def hear(self, _message: str, sender: Address[object] | None) -> None:
            got.append(sender)
            done.set()

    class Sends(Actor):
        @handles(tuple)
        def send(self, what: Any) -> None:
            self.tell(what[0], "hello")

    hears, sends = Hears.start(), Sends.start()
    sends.ask((hears,))
    assert done.wait(10)
    assert got == [None]
    assert sends.stop()
    assert hears.stop()


@in_real_time
async def test_a_tell_to_no_sender_says_that_plain_code_cannot_be_told() -> None:
    async with Bus() as bus:
        with pytest.raises(TypeError, match="plain code"):
            await bus.tell(None, Ping(1))  # type: ignore[call-overload]  # that is what is tested
        outcome = await asyncio.to_thread(_told_nobody, bus)
        assert "plain code" in outcome


def _told_nobody(bus: Bus) -> str:
    text = ""
    for send in (bus.tell, bus.ask):
        try:
            send(None, Ping(1)).get(timeout=5)  # type: ignore[call-overload]  # as above
        except TypeError as error:
            text = str(error)
    return text
