"""What a message names as its answer arrives as that, here and there, from one and from several; nothing else does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from clusters import Cluster
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Channel,
    MessageTooLarge,
    MessageTypeError,
    Peer,
    QuorumFailed,
    Reactor,
    RemoteError,
    Request,
    Role,
    Share,
    handles,
)


@dataclass(frozen=True)
class Block:
    """In no channel's messages."""

    height: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Chain:
    blocks: tuple[Block, ...]
    made: dt.datetime


class Count(msgspec.Struct, frozen=True):
    number: int


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    height: int


@dataclass(frozen=True)
class GetNumbers(Request[list[int]]):
    count: int


@dataclass(frozen=True)
class GetShare(Request[float]):
    pass


@dataclass(frozen=True)
class GetOpen:
    """It names no answer."""

    count: int


@dataclass(frozen=True, slots=True)
class GetMany(Request[list[Block]]):
    heights: tuple[int, ...]


class GetMaybe(msgspec.Struct, Request[Block | None], frozen=True):
    height: int


@dataclass(frozen=True)
class GetChain(Request["Chain"]):
    pass


@dataclass(frozen=True)
class GetCount(Request[Count | str]):
    pass


@dataclass(frozen=True)
class Forget(Request[None]):
    height: int


@dataclass(frozen=True)
class Plain:
    """It names no answer."""


NOW = dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=dt.UTC)
CHANNEL = Channel(
    "chain",
    messages=(GetBlock, GetMany, GetMaybe, GetChain, GetCount, Forget, Plain, Count),
    idempotent=(GetBlock, GetMany),
)


class Honest(Reactor):
    channel = CHANNEL

    @handles(GetBlock)
    async def block(self, wanted: GetBlock) -> Block:
        return Block(wanted.height, b"x")

    @handles(GetMany)
    def many(self, wanted: GetMany) -> list[Block]:
        return [Block(height) for height in wanted.heights]

    @handles(GetMaybe)
    def maybe(self, wanted: GetMaybe) -> Block | None:
        return Block(wanted.height) if wanted.height else None

    @handles(GetChain)
    def chain(self, _: GetChain) -> Chain:
        return Chain((Block(1), Block(2)), NOW)

    @handles(GetCount)
    def count(self, _: GetCount) -> Count | str:
        return Count(3)

    @handles(Forget)
    def forget(self, _: Forget) -> None:
        return None

    @handles(Plain)
    def plain(self, _: Plain) -> list[Block]:
        return [Block(1), Block(2)]


class Wrong(Reactor):
    """It says nothing of what it returns, and that is what nobody asked for."""

    channel = CHANNEL
    answer: Any = 7

    @handles(GetBlock, GetMany, GetMaybe, GetChain, GetCount, Forget)
    def all(self, _: object) -> Any:
        return self.answer


RIGHT: list[tuple[Any, Any]] = [
    (GetBlock(7), Block(7, b"x")),
    (GetMany((1, 2)), [Block(1), Block(2)]),
    (GetMany(()), []),
    (GetMaybe(1), Block(1)),
    (GetMaybe(0), None),
    (GetChain(), Chain((Block(1), Block(2)), NOW)),
    (GetCount(), Count(3)),
    (Forget(1), None),
]
ALL = [type(request) for request, _ in RIGHT]


@in_virtual_time
async def test_an_answer_arrives_as_what_the_request_names_wherever_it_is_asked_for() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), offers=("chain",), reactors=[Honest])
    bob = cluster.node("bob", offers=("chain",), reactors=[Honest])
    async with cluster.running(alice, bob):
        for request, answer in RIGHT:
            for to in (LOCAL / Honest, Peer(bob.node_id) / Honest, Role("chain") / Honest):
                found = await alice.ask(to, request)
                assert (found, type(found)) == (answer, type(answer)), (to, request)
            for group in (EVERYONE / Honest, Role("chain", "all") / Honest):
                results = await alice.ask(group, request)
                assert set(map(str, results.answers.values())) == {str(answer)}, (group, request)
        assert await alice.ask(Role("chain") / Honest, GetBlock(7), hedge=0.1) == Block(7, b"x")
        both = await alice.ask(Role("chain", "all") / Honest, GetMany((1,)), quorum=2)
        assert list(both.answers.values()) == [[Block(1)], [Block(1)]]


@in_virtual_time
async def test_an_answer_to_a_plain_message_arrives_as_what_reply_says() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), offers=("chain",), reactors=[Honest])
    bob = cluster.node("bob", offers=("chain",), reactors=[Honest])
    async with cluster.running(alice, bob):
        for to in (LOCAL / Honest, Peer(bob.node_id) / Honest):
            assert await alice.ask(to, Plain(), reply=list[Block]) == [Block(1), Block(2)]
            with pytest.raises((MessageTypeError, RemoteError), match="list"):
                await alice.ask(to, Plain(), reply=list[int])
        results = await alice.ask(Role("chain", "all") / Honest, Plain(), reply=list[Block], quorum=2)
        assert list(results.answers.values()) == [[Block(1), Block(2)]] * 2


@pytest.mark.parametrize("answer", [7.5, {"height": 1}, [Block(1), 2], Chain((), NOW)], ids=repr)
@in_virtual_time
async def test_another_answer_than_a_request_names_is_refused_here_and_there(answer: Any) -> None:
    class Answering(Wrong):
        pass

    Answering.answer = answer
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), offers=("chain",), reactors=[Answering])
    bob = cluster.node("bob", offers=("chain",), reactors=[Answering])
    wrong = [each for each in ALL if not (each is GetChain and isinstance(answer, Chain))]
    async with cluster.running(alice, bob):
        for request in (request for request, _ in RIGHT if type(request) in wrong):
            for to in (LOCAL / CHANNEL, Peer(bob.node_id) / CHANNEL, Role("chain") / CHANNEL):
                with pytest.raises((MessageTypeError, RemoteError)):
                    await alice.ask(to, request)
            results = await alice.ask(Role("chain", "all") / CHANNEL, request)
            assert (dict(results.answers), len(results.errors)) == ({}, 2), request
            with pytest.raises(QuorumFailed):
                await alice.ask(Role("chain", "all") / CHANNEL, request, quorum=Share(0.5))


class Numbers(Reactor):
    channel = Channel("numbers", messages=(GetNumbers, GetShare, GetOpen), max_message=1 << 22, max_elements=1 << 19)
    began = 0

    def on_start(self) -> None:
        type(self).began += 1

    @handles(GetNumbers)
    def numbers(self, wanted: GetNumbers) -> list[int]:
        return list(range(wanted.count))

    @handles(GetShare)
    def share(self, _: GetShare) -> float:
        return 1

    @handles(GetOpen)
    def open(self, wanted: GetOpen) -> Any:
        return list(range(wanted.count))


@in_virtual_time
async def test_a_long_answer_has_room_where_its_type_is_known_and_is_refused_where_it_is_made_elsewhere() -> None:
    cluster = Cluster()
    Numbers.began = 0
    alice = cluster.node("alice", peers=("bob",), channels=[Numbers.channel])
    bob = cluster.node("bob", reactors=[Numbers])
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Numbers
        assert await alice.ask(to, GetNumbers(70_000)) == list(range(70_000))
        assert await alice.ask(to, GetOpen(65_536)) == list(range(65_536))
        for ask in (alice.ask(to, GetOpen(70_000)), bob.ask(LOCAL / Numbers, GetOpen(70_000))):
            with pytest.raises(MessageTypeError, match="the answer has 70000 items, a plain value at most 65536"):
                await ask
        with pytest.raises(MessageTooLarge, match="more than 524288 values"):
            await alice.ask(to, GetNumbers(530_000))
        assert Numbers.began == 1


@in_virtual_time
async def test_an_int_that_stands_for_a_float_arrives_as_that_float() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Numbers.channel])
    bob = cluster.node("bob", reactors=[Numbers])
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Numbers
        found = await alice.ask(to, GetShare())
        assert (found, type(found)) == (1.0, float)
        again = await alice.ask(to, GetOpen(2), reply=list[float])
        assert (again, {type(each) for each in again}) == ([0.0, 1.0], {float})


@dataclass(frozen=True)
class Larger(Block):
    title: str = ""


class Says(Reactor):
    channel = Channel("says", messages=(Plain,))
    answer: Any = None

    @handles(Plain)
    def says(self, _: Plain) -> Any:
        return self.answer


#: What is answered, what was said with `reply`, and what arrives from a peer, None where it is refused.
FROM_A_PEER: list[tuple[Any, Any, Any]] = [
    ((1, 2), set[int], {1, 2}),
    (Block(1), Larger, Larger(1)),
    (Larger(1), Block, None),
    (True, int, None),
    (Block(1), Any, None),
    (Block(1), object, None),
    ((1, 2), object, None),
    ([1, {"a": b"x"}], object, [1, {"a": b"x"}]),
    (3, float, 3.0),
]


@in_virtual_time
async def test_what_arrives_of_what_reply_says_is_what_the_page_says() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Says.channel])
    bob = cluster.node("bob", reactors=[Says])
    async with cluster.running(alice, bob):
        for answer, reply, arrives in FROM_A_PEER:
            Says.answer = answer
            found = await outcome_of(alice.ask(Peer(bob.node_id) / Says, Plain(), reply=reply))
            if arrives is None:
                assert type(found) is MessageTypeError, (answer, reply)
            else:
                assert (found, type(found)) == (arrives, type(arrives)), (answer, reply)
