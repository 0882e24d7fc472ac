"""What docs/routing.md shows, at work."""

from __future__ import annotations

from peerbus.actors import LOCAL, Address, Channel, Key, Message, Reactor, Request, Role, Share, handles
from peerbus.testing import Nodes


class Block(Message):
    height: int
    data: bytes = b""


class GetBlock(Message, Request[Block]):
    height: int


class Encode(Message, Request[str]):
    film: str


class Subscribe(Message):
    pass


# region: idempotent
class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block), idempotent=(GetBlock,))

    # endregion
    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    @handles(Block)
    def keep(self, block: Block) -> None: ...


class Encoder(Reactor):
    channel = Channel("encoder", messages=(Encode,))

    @handles(Encode)
    def encode(self, encode: Encode) -> str:
        return encode.film.upper()


class News(Reactor):
    channel = Channel("news", messages=(Subscribe,))

    def __init__(self) -> None:
        super().__init__()
        self.subscribers: set[Address[object]] = set()

    # region: sender
    @handles(Subscribe)
    async def subscribe(self, subscribe: Subscribe, sender: Address[object] | None) -> None:
        if sender is not None:
            self.subscribers.add(sender)  # later: await self.tell(subscriber, News(…))

    # endregion


async def test_sends_to_some_of_a_role(node: Nodes) -> None:
    archives = [await node(name, offers={"archive{from=100}"}, reactors=[Blocks]) for name in ("one", "two", "three")]
    await node("encoder", offers={"encoder"}, reactors=[Encoder])
    alice = await node("alice", channels=[Blocks.channel, Encoder.channel])
    data, film = b"data", "a film"
    # region: sends
    await alice.ask(Role("archive") / Blocks, GetBlock(7))  # one of them
    await alice.ask(Role("encoder", "least") / Encoder, Encode(film))  # the one with the least to do
    await alice.ask(Role("archive", Key("block 7")) / Blocks, GetBlock(7))  # always the same one for a key
    await alice.ask(Role("archive", "all") / Blocks, GetBlock(7), quorum=2)  # all, until two have answered
    await alice.tell(Role("archive", Share(0.67)) / Blocks, Block(7, data))  # two thirds of them
    await alice.ask(Role("archive", where="from<=500") / Blocks, GetBlock(7), hedge=0.05)
    # endregion
    peer = archives[0].node_id
    # region: results
    results = await alice.ask(Role("archive", "all") / Blocks, GetBlock(7))
    assert peer in results  # has it an outcome? Never raises
    assert results[peer] == Block(7)  # its answer, or its error raised; KeyError for one that was not asked
    assert results.get("nobody") is None  # its answer, None where there is none
    assert len(results.answers) == 3  # {peer: answer} of those that answered
    assert results.errors == {}  # {peer: error} of those that did not
    # endregion


async def test_a_handler_may_know_whom_to_tell(node: Nodes) -> None:
    alice = await node("alice", reactors=[News])
    await alice.tell(LOCAL / News, Subscribe())
