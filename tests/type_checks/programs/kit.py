"""The test kit knows answers as the bus does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from peerbus.actors import EVERYONE, LOCAL, Channel, Message, Reactor, Request, Results, Terminated, handles
from peerbus.testing import Alone, Asked, PeerProbe, Probe, Told, Watched


@dataclass(frozen=True)
class Block:
    height: int


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    height: int


class Put(Message):
    block: Block


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Put))

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)


async def probes(alone: Alone[Blocks], probe: Probe, peer: PeerProbe) -> None:
    assert_type(await alone.ask(GetBlock(7)), Block)
    assert_type(await alone.ask(Put(Block(1)), reply=int), int)
    assert_type(await alone.ask(Put(Block(1))), object)
    assert_type(await probe.ask(LOCAL / Blocks, GetBlock(7)), Block)
    assert_type(await probe.ask(EVERYONE / Blocks, GetBlock(7), quorum=1), Results[Block])
    assert_type(await probe.ask(LOCAL / Blocks, Put(Block(1)), reply=list[int]), list[int])
    assert_type(await peer.ask("blocks", GetBlock(7)), Block)
    assert_type(await peer.ask("blocks", Put(Block(1)), reply=int), int)
    await probe.tell(LOCAL / Blocks, "text")  # E
    await probe.ask(LOCAL / Blocks, "text")  # E


async def what_it_did(alone: Alone[Blocks]) -> None:
    assert alone.take() == [Asked(LOCAL / Blocks, GetBlock(7)), Told(EVERYONE / Blocks, Put(Block(1)))]
    assert alone.take() == [Watched(LOCAL / Blocks)]
    await alone.tell(Terminated(LOCAL / Blocks, "gone"))
