"""Nodes that declare a channel differently: what both understand is sent, and nothing else is held back by the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers, lane
from versions_of_a_store import (
    OLD,
    NewDrop,
    NewGet,
    NewGot,
    NewPut,
    NewStore,
    NewSweep,
    OldDrop,
    OldGet,
    OldGot,
    OldPut,
    OldStore,
    Store,
    kept,
)
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    Channel,
    DeadlineExceeded,
    Message,
    NoRoute,
    Peer,
    Request,
    Role,
    SchemaMismatch,
    handles,
)

for each in (OldGot, OldPut, OldGet, OldDrop, NewGot, NewPut, NewGet, NewDrop, NewSweep):
    each.__name__ = each.__name__.removeprefix("Old").removeprefix("New")


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
            old.tell(role, OldDrop(5)),  # nobody takes it for sure: whoever may is waited for, and then says no
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
