"""Nodes that declare a channel differently: what both understand is sent, and nothing else is held back by the rest."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers, lane
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
    Reactor,
    Request,
    Role,
    SchemaMismatch,
    Share,
    handles,
)
from peerbus.discovery import PeerOptions, Require
from peerbus.discovery.mind import RequirementView


class OldGot(Message):
    key: int


class OldPut(Message):
    key: int


class OldGet(Message, Request[OldGot]):
    key: int


class OldDrop(Message):
    key: int


class NewGot(Message):
    key: int
    owner: str = "nobody"


class NewPut(Message):
    key: float
    owner: str = "nobody"


class NewGet(Message, Request[NewGot]):
    key: int


class NewDrop(Message):
    key: int
    why: str


class NewSweep(Message):
    before: int


for each in (OldGot, OldPut, OldGet, OldDrop, NewGot, NewPut, NewGet, NewDrop, NewSweep):
    each.__name__ = each.__name__.removeprefix("Old").removeprefix("New")
OLD: Channel[Any] = Channel("store", messages=(OldPut, OldGet, OldDrop, OldGot))
NEW: Channel[Any] = Channel("store", messages=(NewSweep, NewGet, NewPut, NewDrop))


class Store(Reactor):
    """It keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[object] = []


class OldStore(Store):
    channel = OLD

    @handles(OldPut, OldDrop)
    def keep(self, message: OldPut | OldDrop) -> None:
        self.kept.append(message)

    @handles(OldGet)
    def get(self, message: OldGet) -> OldGot:
        return OldGot(message.key)


class NewStore(Store):
    channel = NEW

    @handles(NewPut, NewDrop, NewSweep)
    def keep(self, message: NewPut | NewDrop | NewSweep) -> None:
        self.kept.append(message)

    @handles(NewGet)
    def get(self, message: NewGet) -> NewGot:
        return NewGot(message.key, "new")


def kept(node: Any, reactor: str = "store") -> list[object]:
    actor = node.bus.cell(reactor).actor
    assert isinstance(actor, Store)
    return actor.kept


@in_virtual_time
async def test_old_and_new_send_each_other_what_both_understand() -> None:
    cluster = Cluster()
    old = cluster.node("old", peers=("new",), reactors=[OldStore])
    new = cluster.node("new", reactors=[NewStore])
    async with cluster.running(old, new):
        to_new, to_old = Peer(new.node_id) / "store", Peer(old.node_id) / "store"
        await old.tell(to_new, OldPut(1))
        assert await old.ask(to_new, OldGet(2), timeout=1) == OldGot(2)
        await eventually(lambda: kept(new) == [NewPut(1.0, "nobody")])
        assert await new.ask(to_old, NewGet(2), timeout=1) == NewGot(2, "nobody")
        await new.tell(to_old, NewDrop(3, "full"))
        await eventually(lambda: kept(old) == [OldDrop(3)])
        assert_ledgers(old, new)


@in_virtual_time
async def test_what_is_not_understood_is_not_sent_and_named() -> None:
    cluster = Cluster()
    old = cluster.node("old", peers=("new",), reactors=[OldStore])
    new = cluster.node("new", reactors=[NewStore])
    async with cluster.running(old, new):
        to_new, to_old = Peer(new.node_id) / "store", Peer(old.node_id) / "store"
        with pytest.raises(SchemaMismatch, match=r"a Drop cannot be sent to the peer: Drop.why is required") as e:
            await old.tell(to_new, OldDrop(1))
        assert e.value.never_sent
        assert e.value.message == OldDrop(1)
        with pytest.raises(SchemaMismatch, match="a Sweep cannot be sent to the peer: the peer does not declare it"):
            await new.tell(to_old, NewSweep(1))
        with pytest.raises(SchemaMismatch, match=r"Put.key is float at this node, int at the peer"):
            await new.tell(to_old, NewPut(1.5))
        with pytest.raises(SchemaMismatch, match=r"tell_many"):
            await new.tell_many(to_old, [NewDrop(1, ""), NewPut(1.5)])
        await eventually(lambda: kept(old) == [OldDrop(1)])
        assert lane(new, old, "store").failed == {"schema_mismatch": 3}
        assert set(lane(new, old, "store").unsent) == {"Sweep", "Put"}
        assert set(lane(old, new, "store").unsent) == {"Drop", "Got"}
        assert_ledgers(old, new)


class OddGot(Message):
    key: int
    owner: str


class OddGet(Message, Request[OddGot]):
    key: int


class OddPut(Message):
    key: int


OddGot.__name__, OddGet.__name__, OddPut.__name__ = "Got", "Get", "Put"


class OddStore(Store):
    channel: Channel[Any] = Channel("store", messages=(OddGet, OddPut))

    @handles(OddPut)
    def keep(self, message: OddPut) -> None:
        self.kept.append(message)

    @handles(OddGet)
    def get(self, message: OddGet) -> OddGot:
        return OddGot(message.key, "odd")


@in_virtual_time
async def test_an_ask_whose_answer_could_not_be_read_is_not_made() -> None:
    cluster = Cluster()
    odd = cluster.node("odd", peers=("old",), reactors=[OddStore])
    old = cluster.node("old", reactors=[OldStore])
    async with cluster.running(odd, old):
        to = Peer(old.node_id) / "store"
        with pytest.raises(SchemaMismatch, match=r"a Get cannot be asked of the peer: .*Got.owner is required"):
            await odd.ask(to, OddGet(1))
        assert (await odd.ask(to, OddGet(1), reply=OldGot)) == OldGot(1)
        await odd.tell(to, OddPut(1))
        assert await old.ask(Peer(odd.node_id) / "store", OldGet(2)) == OldGot(2)


@in_virtual_time
async def test_a_channel_that_a_node_learns_later_is_asked_for_then() -> None:
    cluster = Cluster()
    old = cluster.node("old", peers=("new",), reactors=[])
    new = cluster.node("new", reactors=[])
    async with cluster.running(old, new):
        to = Peer(new.node_id) / "store"
        new.spawn(NewStore, name="store")
        await eventually(lambda: old.bus.routes.peers[new.node_id].has("store"))
        with pytest.raises(NoRoute, match="does not know the channel"):
            await old.tell(to, OldPut(1))
        old.spawn(OldStore, name="store")
        await old.tell(to, OldPut(1), wait_for_peer=True)
        await eventually(lambda: kept(new) == [NewPut(1.0)])
        assert await new.ask(Peer(old.node_id) / "store", NewGet(1), wait_for_peer=True) == NewGot(1)


@in_virtual_time
async def test_a_send_on_a_channel_that_is_not_described_yet_waits_for_that_within_its_deadline() -> None:
    cluster = Cluster(network=SlowNetwork(1, 0.5))
    old = cluster.node("old", peers=("new", "odd"), channels=[OLD])
    new = cluster.node("new", reactors=[], offers={"store"})
    odd = cluster.node("odd", reactors=[OddStore], offers={"store"})
    async with cluster.running(old, new, odd):
        link = old.bus.routes.peers[new.node_id]
        new.spawn(NewStore, name="store")
        await eventually(lambda: link.awaits("store"))
        to, role = Peer(new.node_id) / "store", Role("store") / "store"
        sent = [
            old.tell(to, OldPut(1)),
            old.ask(to, OldGet(2), timeout=5),
            old.tell_many(to, [OldPut(3), OldPut(4)]),
            old.tell(role, OldDrop(5)),  # nobody takes it for sure: who may is waited for, and then says no
            old.tell(to, OldPut(6), timeout=0.001),
        ]
        outcomes = await asyncio.gather(*map(outcome_of, sent))
        assert outcomes[:3] == [None, OldGot(2), 2]
        assert isinstance(outcomes[3], SchemaMismatch)
        assert "Drop.why is required" in str(outcomes[3])
        assert isinstance(outcomes[4], DeadlineExceeded)
        assert outcomes[4].phase == "description"
        await eventually(lambda: kept(new) == [NewPut(1.0), NewPut(3.0), NewPut(4.0)])
        assert_ledgers(old, new)


# A role's sends: A2.


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
        with pytest.raises(DeadlineExceeded, match="0 of the 1 receivers that it needs can be sent to; 1 cannot"):
            await asker.tell(Role("store") / "store", NewPut(1.5), timeout=1, wait_for_peer=True)
        with pytest.raises(DeadlineExceeded, match="that peer cannot be sent a Put"):
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
