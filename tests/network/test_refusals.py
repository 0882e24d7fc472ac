"""What a peer does not let this node send it has said before: nothing is sent, and the sender hears so at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from peerbus.actors import (
    EVERYONE,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    Message,
    NotAllowed,
    Peer,
    Reactor,
    Request,
    Role,
    Stream,
    handles,
)
from peerbus.node import Allow, Node, Permissions
from peerbus.testing import Simulation
from peerbus.transports.lanes import OutLane
from peerbus.transports.wire import Error, hello

#: Long enough for an UPDATE to be there, and for a heartbeat.
SOON = 1.0


class Note(Message, Request[int]):
    number: int


class Watch(Message, Request[Stream[int]]):
    pass


class Desk(Reactor):
    channel = Channel("desk", messages=(Note, Watch), window=16)

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    @handles(Note)
    def note(self, note: Note) -> int:
        return note.number

    @handles(Watch)
    async def count(self, _: Watch) -> AsyncIterator[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
                await asyncio.sleep(0.1)
        finally:
            CLOSED.append(number)


#: How far each stream had come that was closed, of the test that runs.
CLOSED: list[int] = []


def on_desk(*, tell: bool = True, ask: bool = True) -> Permissions:
    return Permissions(channels={"desk": Allow(tell=["*"] if tell else [], ask=["*"] if ask else [])})


async def pair(sim: Simulation, rules: Permissions) -> tuple[Node, Node]:
    alice = await sim.node("alice", reactors=[Desk], permissions=rules)
    bob = await sim.node("bob", channels=[Desk.channel])
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=10)
    return alice, bob


@pytest.mark.seeds(1)
async def test_the_first_send_already_fails_where_it_is_made_and_nothing_travels(sim: Simulation) -> None:
    alice, bob = await pair(sim, on_desk(tell=False, ask=False))
    desk = Peer(alice.node_id) / Desk
    with bob.subscribe(DeadLetter) as letters:
        for make in (
            lambda: bob.tell(desk, Note(1)),
            lambda: bob.tell(desk, Note(1), wait_for_peer=True, timeout=60),
            lambda: bob.ask(desk, Note(2)),
            lambda: bob.ask(desk, Note(2), reply=int),
            lambda: bob.bus.tell_many(desk, [Note(3), Note(4)]),
        ):
            began = sim.loop.time()
            with pytest.raises(NotAllowed, match=r"does not let this node (tell|ask) on channel 'desk'") as refused:
                await make()
            assert refused.value.never_sent
            assert sim.loop.time() - began < 0.5, "it waits for nobody: nobody else will come of that address"
        with pytest.raises(NotAllowed):
            await anext(bob.stream(desk, Watch()))
        assert isinstance((await letters.get()).error, NotAllowed)
    await sim.run_for(SOON)
    assert "desk" not in alice.snapshot().ledger.arrived
    sent = bob.snapshot().ledger.remote["desk"]
    assert set(sent.failed) == {"not_allowed"}
    assert sent.balanced
    (lane,) = (each.lanes["desk"] for each in bob.snapshot().connections.values())
    assert lane.not_allowed == ("tell", "ask")


@pytest.mark.seeds(1)
@pytest.mark.parametrize("told", [False, True])
async def test_what_is_let_goes_on_beside_what_is_not(told: bool, sim: Simulation) -> None:
    alice, bob = await pair(sim, on_desk(tell=told, ask=not told))
    desk = Peer(alice.node_id) / Desk
    for _ in range(40):
        if told:
            await bob.tell(desk, Note(1))
            with pytest.raises(NotAllowed):
                await bob.ask(desk, Note(2))
        else:
            assert await bob.ask(desk, Note(2)) == 2
            with pytest.raises(NotAllowed):
                await bob.tell(desk, Note(1))
    await sim.run_for(SOON)
    arrived = alice.snapshot().ledger.arrived["desk"]
    assert (arrived.sent, arrived.failed) == (40, {})


@pytest.mark.seeds(1)
async def test_a_lever_is_heard_whichever_way_it_goes(sim: Simulation) -> None:
    alice, bob = await pair(sim, on_desk())
    desk = Peer(alice.node_id) / Desk
    assert await bob.ask(desk, Note(1)) == 1
    for _ in range(3):
        assert await alice.set_permissions(on_desk(tell=False))
        await sim.run_for(SOON)
        with pytest.raises(NotAllowed):
            await bob.tell(desk, Note(1))
        assert await bob.ask(desk, Note(1)) == 1
        assert await alice.set_permissions(on_desk())
        await sim.run_for(SOON)
        await bob.tell(desk, Note(1))
        await sim.run_for(SOON)
    assert alice.snapshot().ledger.arrived["desk"].failed == {}


@pytest.mark.seeds(1)
async def test_a_reactor_that_starts_later_is_told_of_with_what_may_not_be_done_there(sim: Simulation) -> None:
    alice = await sim.node("alice", permissions=on_desk(tell=False))
    bob = await sim.node("bob", channels=[Desk.channel])
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=10)
    alice.bus.spawn(Desk)
    await sim.until(lambda: bob.bus.routes.peers[alice.node_id].has("desk"), within=10)
    with pytest.raises(NotAllowed):
        await bob.tell(Peer(alice.node_id) / Desk, Note(1))
    assert await bob.ask(Peer(alice.node_id) / Desk, Note(1)) == 1
    alice.offer("archive")  # what it says of other things takes nothing of that back
    await sim.run_for(SOON)
    with pytest.raises(NotAllowed):
        await bob.tell(Peer(alice.node_id) / Desk, Note(1))
    assert "not_allowed" not in alice.snapshot().ledger.arrived["desk"].failed


@pytest.mark.seeds(1)
async def test_of_a_role_those_that_refuse_are_none_whatever_is_sent(sim: Simulation) -> None:
    asker = await sim.node("asker", channels=[Desk.channel])
    rules = [on_desk(tell=False, ask=False)] * 3 + [on_desk(ask=False), on_desk(tell=False)]
    nodes = [
        await sim.node(f"n{number}", reactors=[Desk], offers={"archive"}, permissions=each)
        for number, each in enumerate(rules)
    ]
    tells, asks = nodes[3].node_id, nodes[4].node_id
    await sim.until(lambda: len(asker.bus.routes.roles.get("archive", ())) == 5, within=20)
    role = Role("archive") / Desk
    for number in range(10):
        await asker.tell(role, Note(number))
        assert await asker.ask(role, Note(number)) == number
        assert await asker.ask(role, Note(number), reply=int) == number
        assert set((await asker.tell(Role("archive", "all") / Desk, Note(number))).answers) == {tells}
        assert set((await asker.ask(EVERYONE / Desk, Note(number))).answers) == {asks}
    await asker.bus.tell_many(role, [Note(number) for number in range(20)])
    assert await anext(asker.stream(role, Watch())) == 0
    await sim.run_for(SOON)
    for node in nodes[:3]:
        assert "desk" not in node.snapshot().ledger.arrived
    assert {node.name: node.snapshot().ledger.arrived["desk"].failed for node in nodes[3:]} == {"n3": {}, "n4": {}}
    assert asker.snapshot().ledger.remote["desk"].failed == {}, "nobody was tried in vain"


@pytest.mark.seeds(1)
async def test_a_send_that_waits_for_a_peer_waits_for_one_that_lets_it(sim: Simulation) -> None:
    asker = await sim.node("asker", channels=[Desk.channel])
    node = await sim.node("node", reactors=[Desk], offers={"archive"}, permissions=on_desk(tell=False))
    await sim.until(lambda: bool(asker.bus.routes.roles.get("archive")), within=20)
    role = Role("archive") / Desk
    with pytest.raises(DeadlineExceeded, match="1 does not let this node tell there") as late:
        await asker.tell(role, Note(1), wait_for_peer=True, timeout=1)
    assert late.value.phase == "route"
    waits = asyncio.ensure_future(asker.tell(role, Note(1), wait_for_peer=True, timeout=60))
    await sim.run_for(SOON)
    assert not waits.done()
    assert await node.set_permissions(Permissions())
    await waits
    await node.set_permissions(on_desk(tell=False))
    await sim.run_for(SOON)
    with pytest.raises(NotAllowed):
        await asker.tell(role, Note(1))


@pytest.mark.pure("it replaces a method of the core")
@pytest.mark.seeds(3)
@pytest.mark.parametrize("old", [False, True])
async def test_what_is_on_its_way_when_the_rules_change_is_counted_and_told_in_few_words(
    old: bool, sim: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old:  # neither is told ahead, nor reads of how many an ERROR speaks
        words = tuple(word for word in hello.FEATURES if word != hello.REFUSALS)
        monkeypatch.setattr("peerbus.discovery.records.self_description.FEATURES", words)
        monkeypatch.setattr("peerbus.transports.rules.peer_rules.PeerRules.addressed", lambda _, own, _peer: own)
    alice, bob = await pair(sim, on_desk())
    errors: list[int] = []
    link = bob.bus.routes.peers[alice.node_id]
    losses = link._losses  # type: ignore[attr-defined]  # frames are counted where they are taken
    heard: Callable[[OutLane, Error, float], bool] = losses.refused_by_peer

    def seen(_losses: object, lane: OutLane, frame: Error, now: float) -> bool:
        errors.append(frame.count)
        return heard(lane, frame, now)

    monkeypatch.setattr(type(losses), "refused_by_peer", seen)
    desk, here = Peer(alice.node_id) / Desk, 0
    assert await bob.ask(desk, Note(1)) == 1
    with bob.subscribe(DeadLetter) as letters:
        for turn in range(60):
            try:
                await bob.tell(desk, Note(turn))
            except NotAllowed:
                here += 1
            if turn == 20:
                await alice.set_permissions(on_desk(tell=False))
        await sim.run_for(15)
        refused = alice.snapshot().ledger.arrived["desk"].failed.get("not_allowed", 0)
        account = bob.snapshot().ledger.remote["desk"]
        assert account.failed == {"not_allowed": refused + here}
        assert refused + here >= 39, "all that were sent behind the change, and what was on its way"
        assert (account.sent, account.pending, account.balanced) == (61, 0, True)
        assert sum(errors) == refused > 0
        if old:
            assert (here, errors) == (0, [1] * refused), "it learns of nothing ahead, and one by one"
        else:
            assert here
            assert len(errors) <= 3, "words, not one for each"
        told = [(await letters.get()).message for _ in range(refused + here)]
        assert {*told} == {Note(number) for number in range(60 - refused - here, 60)}


@pytest.mark.seeds(1)
async def test_a_stream_that_is_open_ends_when_its_reader_may_ask_no_more(sim: Simulation) -> None:
    CLOSED.clear()
    alice, bob = await pair(sim, on_desk())
    stream = bob.stream(Peer(alice.node_id) / Desk, Watch())
    assert await anext(stream) == 0
    assert await alice.set_permissions(on_desk(tell=False))
    assert await anext(stream) == 1
    assert await alice.set_permissions(on_desk(ask=False))
    with pytest.raises(NotAllowed, match="any more"):
        async for _ in stream:
            pass
    await sim.run_for(SOON)
    assert len(CLOSED) == 1
    assert alice.snapshot().streams["desk"].sending == 0
