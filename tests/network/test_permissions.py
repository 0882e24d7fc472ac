"""Who may do what, between whole nodes: refused sends are settled, and no role is believed that may not be offered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from peerbus.actors import LOCAL, Channel, NoRoute, NoSuchReactor, NotAllowed, Peer, Reactor, Role, handles
from peerbus.discovery import PeerOptions, Require
from peerbus.node import Allow, Node, Permissions
from peerbus.testing import Simulation
from peerbus.transports.rules import PeerRules, Rights
from peerbus.transports.wire import hello


@dataclass(frozen=True)
class Note:
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> Note:
        return note


class Drawer(Reactor):
    """Nobody outside is to know of it: its messages hold what cannot travel."""

    @dataclass(frozen=True)
    class Put:
        thing: object

    channel = Channel("drawer", messages=(Put,), local=True)

    @handles(Put)
    def put(self, put: Put) -> object:
        return put.thing


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers are told nothing ahead, and read of one message an ERROR, as those of a version that knows no more."""
    words = tuple(word for word in hello.FEATURES if word != hello.REFUSALS)
    monkeypatch.setattr("peerbus.discovery.records.self_description.FEATURES", words)
    monkeypatch.setattr(PeerRules, "refusing", lambda _, info, _peer: info)


async def pair(sim: Simulation, permissions: Permissions) -> tuple[Node, Node]:
    alice = await sim.node("alice", reactors=[Desk, Drawer], permissions=permissions)
    bob = await sim.node("bob", reactors=[Desk])
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=10)
    return alice, bob


@pytest.mark.seeds(1)
@pytest.mark.usefixtures("older")
@pytest.mark.parametrize(("tell", "ask"), [*product([True, False], repeat=2)])
async def test_a_peer_may_do_what_the_rules_say_and_hears_of_what_it_may_not(
    tell: bool, ask: bool, sim: Simulation
) -> None:
    rules = Permissions(channels={"desk": Allow(tell=["*"] if tell else [], ask=["*"] if ask else [])})
    alice, bob = await pair(sim, rules)
    for _ in range(3):
        if ask:
            assert await bob.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(1)
        else:
            with pytest.raises(NotAllowed, match="does not let this peer ask") as refused:
                await bob.ask(Peer(alice.node_id) / Desk, Note(1))
            assert refused.value.never_sent
    told = [bob.tell(Peer(alice.node_id) / Desk, Note(number)) for number in range(3)]
    for outcome in told:
        await outcome
    await sim.run_for(15)
    tells, asks = 3 * (not tell), 3 * (not ask)
    arrived, sent = alice.snapshot().ledger.arrived["desk"], bob.snapshot().ledger.remote["desk"]
    assert (arrived.sent, sum(arrived.failed.values()), sent.sent) == (6, tells + asks, 6)
    assert set(arrived.failed) | set(sent.failed) | set(sent.undone) <= {"not_allowed"}
    assert (sent.failed.get("not_allowed", 0), sent.undone.get("not_allowed", 0)) == (tells, asks)
    assert sent.balanced
    assert not sent.pending
    (connection,) = alice.snapshot().connections.values()
    refuses = tuple(verb for verb, may in (("tell", tell), ("ask", ask)) if not may)
    assert connection.refused == ({"desk": refuses} if refuses else {})


@pytest.mark.seeds(1)
async def test_other_rules_hold_at_once_of_who_is_connected(sim: Simulation) -> None:
    alice, bob = await pair(sim, Permissions())
    assert await bob.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(1)
    for _ in range(2):
        assert await alice.set_permissions(Permissions(ask=[alice.node_id]))
        with pytest.raises(NotAllowed):
            await bob.ask(Peer(alice.node_id) / Desk, Note(1))
        assert await alice.set_permissions(Permissions(ask=[bob.node_id]))
        await sim.run_for(0.2)  # it is told so
        assert await bob.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(1)


async def test_rules_are_asked_once_for_a_channel_and_never_for_a_message(
    sim: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    on = Permissions.on

    def counted(rules: Permissions, channel: str, peer: object) -> Rights:
        judged.append(channel)
        return on(rules, channel, peer)  # type: ignore[arg-type]

    monkeypatch.setattr(Permissions, "on", counted)
    alice, bob = await pair(sim, Permissions(channels={"desk": Allow(tell=["*"], ask=["*"])}))
    before = len(judged)
    for number in range(300):
        await bob.tell(Peer(alice.node_id) / Desk, Note(number))
        assert await bob.ask(Peer(alice.node_id) / Desk, Note(number)) == Note(number)
    assert len(judged) == before
    assert await alice.set_permissions(Permissions())
    assert judged[before:] == ["desk"]


@pytest.mark.seeds(1)
async def test_a_role_that_a_peer_may_not_offer_is_not_believed_however_it_says_so(sim: Simulation) -> None:
    options = PeerOptions(requires=(Require(role="archive", at_least=1),), min_retry=0.1)
    asker = await sim.node("asker", options=options, channels=[Desk.channel])
    good = await sim.node("good", reactors=[Desk], offers={"archive"})
    assert await asker.set_permissions(Permissions(roles={"archive": [good.node_id], "index": ["role:index"]}))
    stranger = await sim.node("stranger", reactors=[Desk], offers={"archive{from=0}", "index"})
    await sim.until(lambda: {good.node_id, stranger.node_id} <= set(asker.peers), within=20)
    for number in range(20):
        assert await asker.ask(Role("archive") / Desk, Note(number)) == Note(number)
    assert "desk" not in stranger.snapshot().ledger.arrived
    seen = asker.peer(stranger.node_id)
    assert seen is not None
    assert seen.offers == ()
    (said,) = [each for each in asker.snapshot().connections.values() if each.peer_id == stranger.node_id]
    assert set(said.disbelieved) == {"archive{from=0}", "index"}
    stranger.withdraw("archive")
    stranger.offer("archive{from=1}")
    stranger.offer("relay")
    await sim.until(lambda: "relay" in (asker.peer(stranger.node_id).offers or ()), within=10)  # type: ignore[union-attr]
    assert asker.snapshot().peers.requirements[0].have == 1
    with pytest.raises(NoRoute):
        await asker.ask(Role("index") / Desk, Note(1))
    await good.aclose()
    await sim.until(lambda: not asker.snapshot().peers.requirements[0].met, within=20)


@pytest.mark.parametrize("told", [True, False])
async def test_who_refuses_an_ask_of_a_role_is_no_try_of_it(
    told: bool, sim: Simulation, request: pytest.FixtureRequest
) -> None:
    if not told:
        request.getfixturevalue("older")
    asker = await sim.node("asker", channels=[Desk.channel])
    nodes = [
        await sim.node(
            f"n{number}",
            reactors=[Desk],
            offers={"archive"},
            permissions=Permissions(ask=["*"] if number == 5 else []),
        )
        for number in range(6)
    ]
    await sim.until(lambda: len(asker.bus.routes.roles.get("archive", ())) == 6, within=20)
    for number in range(10):
        assert await asker.ask(Role("archive") / Desk, Note(number), timeout=5) == Note(number)
    await nodes[5].aclose()
    await sim.until(lambda: len(asker.bus.routes.roles["archive"]) == 5, within=20)
    with pytest.raises(NotAllowed) as refused:
        await asker.ask(Role("archive") / Desk, Note(1), timeout=5)
    assert len(refused.value.tried) == (1 if told else 5)
    assert [("desk" in each.snapshot().ledger.arrived) for each in nodes[:5]] == [not told] * 5


@pytest.mark.seeds(1)
async def test_a_local_channel_is_neither_announced_nor_reachable_and_takes_what_cannot_travel(sim: Simulation) -> None:
    alice, bob = await pair(sim, Permissions())
    thing = object()
    assert await alice.ask(Peer(bob.node_id) / Desk, Note(1)) == Note(1)
    assert await alice.bus.ask(LOCAL / Drawer, Drawer.Put(thing)) is thing
    lanes = next(iter(bob.snapshot().connections.values())).lanes
    assert set(lanes) == {"desk"}
    bob.bus.declare(Channel("drawer", messages=(Note,)))
    with pytest.raises(NoSuchReactor):
        await bob.ask(Peer(alice.node_id) / "drawer", Note(1))
