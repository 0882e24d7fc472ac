"""What docs/actors.md shows, at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from peerbus.actors import LOCAL, Actor, Bus, Channel, Message, Peer, Reactor, Request, check_cancelled, handles
from peerbus.discovery import PeerDown, PeerUp
from peerbus.testing import Nodes


class GetPrice(Message, Request[float]):
    pass


async def subscribe() -> AsyncIterator[float]:
    """One price, and nothing for a long time."""
    yield 7.0
    await asyncio.Event().wait()


# region: task
class Feed(Reactor):
    channel = Channel("feed", messages=(GetPrice,))

    async def on_started(self) -> None:
        self.create_task(self.follow())

    async def follow(self) -> None:
        async for price in subscribe():  # an error here restarts the actor, and with it this task
            self.latest = price


# endregion


class Answering(Feed):
    @handles(GetPrice, reentrant=True)
    async def price(self, _: GetPrice) -> float:
        while not hasattr(self, "latest"):  # noqa: ASYNC110
            await asyncio.sleep(0)
        return self.latest


async def test_a_task_follows_something_beside_the_handlers_and_ends_with_its_actor() -> None:
    async with Bus() as bus:
        bus.spawn(Answering)
        assert await bus.ask(LOCAL / Answering, GetPrice()) == 7.0


class Found(Message):
    lines: list[str]


class Find(Message, Request[Found]):
    words: str


# region: blocking
class Archive(Reactor):
    channel = Channel("archive", messages=(Find, Found))
    path: Path

    @handles(Find, reentrant=True)
    async def find(self, request: Find) -> Found:
        return Found(await self.run_blocking(search, self.path, request.words))


def search(path: Path, words: str) -> list[str]:
    found = []
    for file in sorted(path.iterdir()):
        check_cancelled()  # raises where nobody waits for this any more
        found += [line for line in file.read_text().splitlines() if words in line]
    return found


# endregion


async def test_a_function_that_blocks_runs_beside_the_loop(tmp_path: Path) -> None:
    class ArchiveHere(Archive):
        path = tmp_path

    (tmp_path / "one").write_text("a needle\nhay\n")
    (tmp_path / "two").write_text("another needle\n")
    async with Bus() as bus:
        bus.spawn(ArchiveHere)
        assert await bus.ask(LOCAL / ArchiveHere, Find("needle")) == Found(["a needle", "another needle"])


class Entry(Message):
    name: str


ENTRIES: list[tuple[str, str]] = []


# region: peers
class Directory(Reactor):
    channel = Channel("directory", messages=(Entry,))

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, PeerUp, PeerDown)
        self.peers: set[str] = set()

    @handles(PeerUp)
    async def up(self, event: PeerUp) -> None:
        self.peers.add(event.node_id)
        await self.tell(Peer(event.node_id) / Directory, Entry(self.bus.name))

    @handles(PeerDown)
    def down(self, event: PeerDown) -> None:
        self.peers.discard(event.node_id)

    @handles(Entry)
    def entry(self, entry: Entry) -> None: ...


# endregion


class Noting(Directory):
    @handles(Entry)
    def entry(self, entry: Entry) -> None:
        ENTRIES.append((self.bus.name, entry.name))


async def test_who_comes_is_told_the_name_of_who_is_there(node: Nodes) -> None:
    ENTRIES.clear()
    await node("alice", reactors=[Noting])
    await node("bob", reactors=[Noting])
    while len(ENTRIES) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert sorted(ENTRIES) == [("alice", "bob"), ("bob", "alice")]


class Block(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Block,))

    @handles(Block)
    def keep(self, block: Block) -> None: ...


class Sender(Actor):
    @handles(str)
    async def send(self, archive: str) -> int:
        blocks: Sequence[Block] = [Block(height) for height in range(100)]
        # region: many
        accepted = await self.tell_many(Peer(archive) / Blocks, blocks)  # how many: all of them, or an error is raised
        # endregion
        return int(accepted)


async def test_many_messages_are_accepted_at_once(node: Nodes) -> None:
    archive = await node("archive", reactors=[Blocks])
    alice = await node("alice", channels=[Blocks.channel])
    assert await alice.ask(alice.spawn(Sender), archive.node_id) == 100
