"""Nodes that declare a channel differently: a role means those that can take this message."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers, lane
from versions_of_a_store import (
    NEW,
    NewDrop,
    NewGet,
    NewGot,
    NewPut,
    NewStore,
    NewSweep,
    OldDrop,
    OldPut,
    OldStore,
    Store,
    kept,
)
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    Channel,
    DeadlineExceeded,
    Message,
    MessageTooLarge,
    NoRoute,
    Peer,
    QuorumFailed,
    Role,
    SchemaMismatch,
    Share,
    handles,
)
from peerbus.discovery import PeerOptions, Require
from peerbus.discovery.mind import RequirementView


def trio(cluster: Cluster) -> tuple[Any, Any, Any]:
    """One who asks, with new messages, and two that serve: one old, one new."""
    asker = cluster.node("asker", peers=("old", "new"), channels=[NEW])
    old = cluster.node("old", reactors=[OldStore], offers={"store"})
    new = cluster.node("new", reactors=[NewStore], offers={"store"})
    return asker, old, new


@in_virtual_time
async def test_a_role_is_those_that_can_take_this_message() -> None:
    cluster = Cluster()
    asker, old, new = trio(cluster)
    async with cluster.running(asker, old, new):
        role = Role("store") / "store"
        for number in range(40):
            await asker.tell(role, NewPut(number + 0.5))
            await asker.tell(role, NewDrop(number, ""))
        await asker.tell_many(role, [NewPut(0.5)])
        await eventually(lambda: len(kept(old)) + len(kept(new)) == 81)
        assert sum(isinstance(each, NewPut) for each in kept(new)) == 41
        assert kept(old)
        assert all(isinstance(each, OldDrop) for each in kept(old))
        results = await asker.tell(Role("store", "all") / "store", NewPut(0.5))
        assert set(results.answers) == {new.node_id}
        assert not results.errors
        results = await asker.tell(EVERYONE / "store", NewDrop(1, ""))
        assert set(results.answers) == {old.node_id, new.node_id}
        both = await asker.ask(Role("store", "all") / "store", NewGet(1), quorum=2)
        assert set(both.answers.values()) == {NewGot(1), NewGot(1, "new")}
        with pytest.raises(QuorumFailed, match=r"1 answer to .*, a quorum is 2: nobody was asked"):
            await asker.ask(Role("store", "all") / "store", NewSweep(1), quorum=2)
        await asker.ask(Role("store", "all") / "store", NewSweep(1), quorum=Share(1.0))
        assert_ledgers(asker, old, new)


@in_virtual_time
async def test_where_nobody_can_take_it_the_error_says_why() -> None:
    cluster = Cluster()
    asker = cluster.node("asker", peers=("old",), channels=[NEW])
    old = cluster.node("old", reactors=[OldStore], offers={"store"})
    async with cluster.running(asker, old):
        with pytest.raises(SchemaMismatch, match=r"Put.key is float"):
            await asker.tell(Role("store") / "store", NewPut(1.5))
        results = await asker.tell(EVERYONE / "store", NewPut(1.5))
        assert isinstance(results.errors[old.node_id], SchemaMismatch)
        with pytest.raises(DeadlineExceeded, match=r"0 of the 1 .* can be sent to; 1 cannot .*: Put.key is"):
            await asker.tell(Role("store") / "store", NewPut(1.5), timeout=1, wait_for_peer=True)
        with pytest.raises(DeadlineExceeded, match=r"that peer cannot be sent a Put, .*: Put.key is float at"):
            await asker.tell(Peer(old.node_id) / "store", NewPut(1.5), timeout=1, wait_for_peer=True)


class Big(Message):
    data: bytes


class Boxes(Store):
    channel = Channel("boxes", messages=(Big,))

    @handles(Big)
    def keep(self, message: Big) -> int:
        self.kept.append(len(message.data))
        return len(message.data)


class SmallBoxes(Boxes):
    channel = Channel("boxes", messages=(Big,), max_message=1000)


@in_virtual_time
async def test_a_message_goes_to_those_that_take_its_size() -> None:
    cluster = Cluster()
    asker = cluster.node("asker", peers=("small", "large"), channels=[Boxes.channel])
    small = cluster.node("small", reactors=[SmallBoxes], offers={"boxes"})
    large = cluster.node("large", reactors=[Boxes], offers={"boxes"})
    async with cluster.running(asker, small, large):
        role, every = Role("boxes") / "boxes", Role("boxes", "all") / "boxes"
        for _ in range(50):
            assert await asker.ask(role, Big(bytes(5000))) == 5000
            await asker.tell(role, Big(bytes(5000)))
        assert set((await asker.ask(every, Big(bytes(5000)), quorum=1)).answers) == {large.node_id}
        assert set((await asker.tell(every, Big(b"a"))).answers) == {small.node_id, large.node_id}
        with pytest.raises(MessageTooLarge):
            await asker.tell(role, Big(bytes(5 << 20)))


class Row(Message):
    cells: list[int]


class Rows(Store):
    channel = Channel("rows", messages=(Row,))

    @handles(Row)
    def keep(self, message: Row) -> int:
        self.kept.append(len(message.cells))
        return len(message.cells)


class ShortRows(Rows):
    channel = Channel("rows", messages=(Row,), max_elements=100)


@in_virtual_time
async def test_a_message_goes_to_those_that_take_as_many_values() -> None:
    cluster = Cluster()
    asker = cluster.node("asker", peers=("short", "long"), channels=[Rows.channel])
    short = cluster.node("short", reactors=[ShortRows], offers={"rows"})
    long = cluster.node("long", reactors=[Rows], offers={"rows"})
    async with cluster.running(asker, short, long):
        role, every, row = Role("rows") / "rows", Role("rows", "all") / "rows", Row([1] * 500)
        for _ in range(30):
            assert await asker.ask(role, row) == 500
            await asker.tell(role, row)
            await asker.tell_many(role, [row, row])
        assert set((await asker.ask(every, row, quorum=1)).answers) == {long.node_id}
        assert set((await asker.tell(every, Row([1]))).answers) == {short.node_id, long.node_id}


@in_virtual_time
async def test_a_list_goes_to_those_that_can_take_all_of_it() -> None:
    cluster = Cluster()
    asker, old, new = trio(cluster)
    small = cluster.node("small", peers=("asker",), reactors=[SmallBoxes], offers={"boxes"})
    large = cluster.node("large", peers=("asker",), reactors=[Boxes], offers={"boxes"})
    async with cluster.running(asker, old, new, small, large):
        asker.bus.declare(Boxes.channel)
        for number in range(20):  # a Drop both can take, a Put the new one alone
            assert await asker.tell_many(Role("store") / "store", [NewDrop(number, ""), NewPut(0.5)]) == 2
            sent = await asker.tell_many(Role("store", "all") / "store", [NewDrop(number, ""), NewPut(0.5)])
            assert dict(sent) == {new.node_id: 2}
            assert await asker.tell_many(Role("boxes") / "boxes", [Big(b"a"), Big(bytes(5000)), Big(b"b")]) == 3
        await eventually(lambda: len(kept(new)) == 80)
        assert not kept(old)
        await eventually(lambda: len(kept(large, "boxes")) == 60)
        error = await outcome_of(asker.tell_many(EVERYONE / "store", [NewDrop(1, ""), "no message of it"]))
        assert not isinstance(error, NoRoute)
        assert_ledgers(asker, old, new, small, large)


class Slow(Store):
    """It handles one message, and no other one while the test lasts."""

    channel = Channel("slow", messages=(Big,), window=1)

    @handles(Big)
    async def keep(self, message: Big) -> None:
        self.kept.append(message)
        await asyncio.sleep(3600)


@in_virtual_time
async def test_a_tell_that_waits_goes_to_the_next_one_where_its_peer_leaves() -> None:
    cluster = Cluster()
    asker = cluster.node("asker", peers=("one", "two"), channels=[Slow.channel])
    one, two = (cluster.node(name, reactors=[Slow], offers={"slow"}, shutdown_timeout=0.1) for name in ("one", "two"))
    role = Role("slow") / "slow"
    async with asker:
        async with one:
            await eventually(lambda: one.node_id in asker.peers)
            tells = [asyncio.ensure_future(asker.tell(role, Big(b"%d" % number), timeout=60)) for number in range(4)]
            await eventually(lambda: lane(asker, one, "slow").waiting == 2)
            await two.__aenter__()
            await eventually(lambda: two.node_id in asker.peers)
        try:
            ended = await asyncio.gather(*tells, return_exceptions=True)
            assert ended[:2] == [None, None]
            # The third and the fourth never left: one is handled there, the other lies in its mailbox.
            assert ended[2:] == [None, None]
            assert lane(asker, two, "slow").sent == 2
        finally:
            await two.aclose()


class Plea(Message):
    word: Annotated[str, msgspec.Meta(max_length=5)]


class Desk(Store):
    channel = Channel("desk", messages=(Plea,))

    @handles(Plea)
    def keep(self, plea: Plea) -> None:
        self.kept.append(plea)


class LongPlea(Message):
    word: str


LongPlea.__name__ = "Plea"


class LongDesk(Store):
    channel = Channel("desk", messages=(LongPlea,))

    @handles(LongPlea)
    def keep(self, plea: LongPlea) -> None:
        self.kept.append(plea)


@in_virtual_time
async def test_one_that_refuses_tells_at_once_is_not_taken_for_one_with_little_to_do() -> None:
    """Bounds are the receiver's own business: nobody knows of them before it refuses."""
    cluster = Cluster(network=SlowNetwork(1, 0.01))
    asker = cluster.node("asker", peers=("short", "long"), channels=[LongDesk.channel])
    short = cluster.node("short", reactors=[Desk], offers={"desk"})
    long = cluster.node("long", reactors=[LongDesk], offers={"desk"})
    async with cluster.running(asker, short, long):

        def handled() -> int:
            return len(kept(long, "desk")) + lane(asker, short, "desk").failed.get("message_type", 0)

        for node in (short, long):
            await asker.ask(Peer(node.node_id) / "desk", LongPlea("word"))  # how long answers take is known
            kept(node, "desk").clear()
        for number in range(100):
            await asker.tell(Role("desk") / "desk", LongPlea("a long word"))
            await eventually(lambda: handled() == number + 1)  # noqa: B023  # of this turn
        assert lane(asker, short, "desk").failed["message_type"] < 20


class OtherPut(Message):
    key: str


OtherPut.__name__ = "Put"


class OtherStore(Store):
    channel = Channel("store", messages=(OtherPut,))

    @handles(OtherPut)
    def keep(self, put: OtherPut) -> None: ...


@in_virtual_time
async def test_a_requirement_counts_only_those_to_whom_something_can_be_sent() -> None:
    put_only: Channel[Any] = Channel("store", messages=(OldPut,))
    cluster = Cluster()
    asker = cluster.node(
        "asker",
        peers=("other",),
        channels=[put_only],
        options=PeerOptions(requires=(Require(role="store", at_least=1),)),
    )
    other = cluster.node("other", reactors=[OtherStore], offers={"store"})
    good = cluster.node("good", reactors=[OldStore], offers={"store"}, peers=("asker",))
    async with cluster.running(asker, other):
        await eventually(lambda: not view(asker).met)
        assert "1 declare other messages on their channels: nothing can be sent there" in view(asker).text
        async with good:
            await eventually(lambda: view(asker).met)
            assert view(asker).have == 1


def view(node: Any) -> RequirementView:
    (found,) = node.snapshot().peers.requirements
    assert isinstance(found, RequirementView)
    return found
