"""The ledger of a node adds up, and says what its senders were told, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Account,
    Address,
    Channel,
    DeadLetter,
    Ledger,
    Overflow,
    Peer,
    Reactor,
    RemoteError,
    Role,
    SendError,
    Subscription,
    handles,
)
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform

seeds = pytest.mark.seeds(30)
OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=2.0, max_retry_persistent=2.0)
#: Reasons for which what arrived was offered to no mailbox.
NOT_OFFERED = {"message_type", "no_such_reactor", "shutting_down"}


@dataclass(frozen=True)
class Item:
    number: int
    seconds: float = 0.0
    fails: bool = False
    data: bytes = b""


class Slow(Reactor):
    """Takes its time, fails at times; its bounds are small."""

    channel = Channel("slow", messages=(Item,), mailbox=8, window=6, window_bytes=4000)

    @handles(Item)
    async def take(self, item: Item) -> int:
        await asyncio.sleep(item.seconds)
        if item.fails:
            raise RemoteError("refused")
        return item.number


class Home(Slow):
    """The same, for senders of its own node."""

    channel = Channel("home", messages=(Item,), mailbox=8)


class Picky(Slow):
    """Refuses what it has no room for."""

    channel = Channel("picky", messages=(Item,), mailbox=3, overflow=Overflow.REJECT)


class Forgetful(Slow):
    """Drops what it has no room for."""

    channel = Channel("forgetful", messages=(Item,), mailbox=3, overflow=Overflow.DROP_OLDEST)


class Brief(Slow):
    """Comes and goes."""

    channel = Channel("brief", messages=(Item,), window=4)


REACTORS = (Slow, Home, Picky, Forgetful)
CHANNELS = [reactor.channel for reactor in (*REACTORS, Brief)]
NOWHERE = "nowhere"


@dataclass
class Story:
    """What one node sent, and what its senders were told of each message."""

    node: Node
    letters: Subscription[DeadLetter]
    #: By message: its channel, whether to a peer, and how it ended for its sender.
    sent: dict[int, tuple[str, bool]] = field(default_factory=dict)
    fates: dict[int, str] = field(default_factory=dict)

    async def send(self, to: Address[Any], item: Item, *, ask: bool, timeout: float, awaited: bool) -> None:
        """One send, to its end."""
        remote = isinstance(to.where, Peer)
        self.sent[item.number] = to.reactor, remote
        try:
            if ask:
                await self.node.ask(to, item, timeout=timeout)
            elif awaited:
                await self.node.tell(to, item, timeout=timeout)
            else:
                self.node.tell(to, item, timeout=timeout)
        except SendError as error:
            self.fates[item.number] = error.reason
        except RemoteError:
            self.fates[item.number] = "handler_failed"
        except asyncio.CancelledError:
            self.fates[item.number] = "cancelled"
            raise

    def hear(self) -> None:
        """Take what dead letters say of messages whose senders were told that they had been accepted."""
        assert not self.letters.missed
        for letter in iter(self.letters.get_nowait, None):
            if isinstance(letter.message, Item) and letter.message.number in self.sent:
                self.fates.setdefault(letter.message.number, letter.reason)

    def calls(self, channel: str) -> int:
        return sum(name == channel for name, _ in self.sent.values())

    def told(self, channel: str, *, remote: bool) -> Counter[str]:
        """How sends to a channel ended, by reason."""
        return Counter(
            self.fates[n] for n, where in self.sent.items() if where == (channel, remote) and n in self.fates
        )

    def check(self) -> None:
        """The books say what the senders were told, when all is over."""
        self.hear()
        ledger = self.node.bus.ledger()
        assert ledger.balanced, ledger
        for channel in ("slow", "picky", "forgetful", "brief"):
            account = ledger.remote.get(channel, Account())
            astray = ledger.astray.get(channel, Account())
            assert account.pending == 0, (channel, account)
            ends = Counter(account.failed) + Counter(account.undone) + Counter(astray.failed)
            assert ends == self.told(channel, remote=True), (channel, account, astray)
        home = ledger.local["home"]
        assert home.pending == 0
        assert home.sent == self.calls("home")
        ends = Counter(home.failed) + Counter(home.dropped) + Counter(home.undone)
        assert ends == self.told("home", remote=False), home
        check_counts(ledger, self)


def check_counts(ledger: Ledger, story: Story) -> None:
    """At any quiet instant: everything that was called for is in the books, once."""
    assert ledger.balanced, ledger
    for channel in CHANNELS:
        arrived = ledger.arrived.get(channel.name, Account())
        offered = arrived.sent - sum(count for why, count in arrived.failed.items() if why in NOT_OFFERED)
        assert ledger.of(channel.name).sent - offered == story.calls(channel.name), (channel.name, ledger)
    unknown = ledger.astray.get("-", Account())
    assert unknown.sent == story.calls(NOWHERE)


async def talk(sim: Simulation, story: Story, others: list[Node], rng: Random, messages: int) -> None:
    """Send all kinds of messages to all kinds of receivers, some at once."""
    under_way: list[asyncio.Task[None]] = []
    first = 0 if story.node.name == "alice" else messages  # a letter must not be taken for another node's message
    for number in range(first, first + messages):
        other = rng.choice(others)
        there, nowhere = Peer(other.node_id), (LOCAL / NOWHERE, Peer("0" * 64) / NOWHERE, Role("nobody") / NOWHERE)
        to: Address[Any] = rng.choice(
            [there / rng.choice(["slow", "slow", "picky", "forgetful", "brief"]), there / "slow", LOCAL / "home"]
        )
        if rng.random() < 0.2:
            to = rng.choice(nowhere)
        item = Item(
            number, rng.choice([0.0, 0.0, 0.05, 0.5]), rng.random() < 0.1, bytes(rng.choice([0, 0, 900, 20_000]))
        )
        if to.reactor == NOWHERE:
            work = story.send(to, item, ask=False, timeout=1.0, awaited=True)
        else:
            timeout = rng.choice([0.02, 0.2, 2.0])
            work = story.send(to, item, ask=rng.random() < 0.5, timeout=timeout, awaited=rng.random() < 0.9)
        task = asyncio.ensure_future(work)
        under_way.append(task)
        if rng.random() < 0.05:
            sim.loop.call_later(rng.uniform(0.0, 0.3), task.cancel)
        if rng.random() < 0.4:
            await asyncio.sleep(rng.expovariate(15.0))
    await asyncio.gather(*under_way, return_exceptions=True)


async def trouble(sim: Simulation, rng: Random, rounds: int) -> None:
    """Everything that can happen to nodes and the ways between them."""
    network, names = sim.network, ["alice", "bob", "carol"]
    for _ in range(rounds):
        await sim.run_for(rng.uniform(0.05, 0.8))
        one, other = rng.sample(names, 2)
        match rng.randrange(13):
            case 0:
                network.break_streams(one, other)
            case 1:
                network.silence(one, other)
            case 2:
                network.cut(one, other)
            case 3:
                network.half_open(one, other)
            case 4:
                network.shape(buffer=rng.choice([1, 16, 1000]), latency=Uniform(0.0, 0.2))
            case 5:
                network.shape(loss=0.02)
            case 6:
                sim.pause("carol")
                await sim.run_for(rng.uniform(0.0, 6.0))
                sim.resume("carol")
            case 7:
                network.slow_reader(one, other, 2000.0)
            case 8:
                network.shape(bandwidth=5000.0)
            case 9:
                await sim.restart("carol", reset=rng.random() < 0.5)
            case 10:
                network.partition({one}, set(names) - {one})
            case 11:
                for name in rng.sample(["brief", "slow", "forgetful"], 2):
                    cell = sim.nodes[one].bus.cell(name)
                    if cell is not None:
                        cell.request_stop()
            case _:
                node = sim.nodes[one]
                if node.bus.cell("brief") is None:
                    node.spawn(Brief)
        await sim.run_for(rng.uniform(0.0, 4.0))
        network.heal()
        network.shape(loss=0.0, buffer=65536, bandwidth=None, latency=0.001)


@seeds
async def test_the_ledger_says_what_senders_were_told_whatever_goes_wrong(sim: Simulation) -> None:
    rng = sim.rng
    ending = rng.random() < 0.4  # of the senders' nodes, in the midst of it
    sim.network.shape(latency=rng.choice([0.0, 0.001, 0.02]), jitter=0.005)
    alice, bob, carol = await asyncio.gather(
        *(
            sim.node(
                name,
                reactors=[*REACTORS, Brief],
                options=OPTIONS,
                heartbeat=1.0,
                shutdown_timeout=rng.choice([0.2, 2.0]),
            )
            for name in ("alice", "bob", "carol")
        )
    )
    await sim.until(lambda: all(len(node.peers) == 2 for node in (alice, bob, carol)), within=20)
    stories = [Story(node, node.subscribe(DeadLetter)) for node in (alice, bob)]
    talks = [
        asyncio.ensure_future(talk(sim, story, others, sim.rng_for(story.node.name), 40))
        for story, others in zip(stories, ([bob, carol], [alice, carol]), strict=True)
    ]
    troubles = asyncio.ensure_future(trouble(sim, rng, 3))
    for _ in range(4):
        await sim.run_for(rng.uniform(0.0, 1.5))
        await sim.quiet()
        for story in stories:
            check_counts(story.node.snapshot().ledger, story)
    if ending:
        await troubles
        await asyncio.gather(*(story.node.aclose() for story in rng.sample(stories, rng.choice([1, 2]))))
    await asyncio.gather(*talks, troubles)
    await sim.run_for(14)
    await sim.quiet()
    for story in stories:
        story.check()
        story.letters.close()
