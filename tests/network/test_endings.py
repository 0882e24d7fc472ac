"""What is left, and in which order, when a connection or a node ends in the middle of each way through the house.

A tell and an ask to a peer, a dial until `PeerUp`, a record of a peer exchange until the dial. On simulated nodes, by
what anybody can see of them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    ActorTerminated,
    Channel,
    DeadLetter,
    Peer,
    Reactor,
    SendError,
    handles,
)
from peerbus.discovery import PeerDown, PeerOptions, PeerUp
from peerbus.node import Node
from peerbus.testing import Simulation

TIMES = PeerOptions(min_retry=0.1, max_retry=1.0, disconnect_cooldown=0.2)
#: Messages that a peer takes before credit comes back.
WINDOW = 4


@dataclass(frozen=True)
class Job:
    number: int


class Desk(Reactor):
    """Works on its first job until somebody opens the gate, or nobody waits for it any more."""

    channel = Channel("desk", messages=(Job,), window=WINDOW, timeout=60.0)

    def __init__(self, diary: list[str], gate: asyncio.Event) -> None:
        super().__init__()
        self.diary, self.gate = diary, gate

    @handles(Job)
    async def work(self, job: Job) -> int:
        self.diary.append(f"begins {job.number}")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.diary.append(f"gives up {job.number}")
            raise
        self.diary.append(f"ends {job.number}")
        return job.number


class Street:
    """Alice, who sends, and bob, who runs the desk; and all that was seen, in the order in which it was."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.diary: list[str] = []
        self.gate = asyncio.Event()

    async def open(self) -> tuple[Node, Node]:
        bob = await self.sim.node("bob", reactors=[lambda: Desk(self.diary, self.gate)], options=TIMES)
        alice = await self.sim.node("alice", channels=[Desk.channel], options=TIMES)
        await self.sim.until(lambda: alice.peers and bob.peers, within=5)
        return alice, bob

    async def note(self, outcome: Any, name: str) -> None:
        try:
            await outcome
            self.diary.append(f"{name} is done")
        except SendError as error:
            kind, never = type(error).__name__, ", never sent" if error.never_sent else ""
            self.diary.append(f"{name} {kind}{never}")


def said(events: Any) -> list[str]:
    """What was published, in order: the class and what it is about."""
    found: list[str] = []
    while (event := events.get_nowait()) is not None:
        about = getattr(event, "message", getattr(event, "actor", getattr(event, "reason", "")))
        found.append(f"{type(event).__name__} {about.number if isinstance(about, Job) else about}".rstrip())
    return found


def of(kind: str, numbers: range, how: str) -> set[str]:
    return {f"{kind} {number} {how}" for number in numbers}


SENT, WAITING = range(WINDOW), range(WINDOW, 2 * WINDOW)


async def sent(street: Street, alice: Node, to: Any, kind: str) -> list[asyncio.Task[None]]:
    """As many as the peer takes are sent, and as many wait for credit."""
    tasks = []
    for number in (*SENT, *WAITING):
        outcome = alice.tell(to, Job(number)) if kind == "tell" else alice.ask(to, Job(number), timeout=60)
        tasks.append(asyncio.create_task(street.note(outcome, f"{kind} {number}")))
        await asyncio.sleep(0)
    await street.sim.quiet()
    return tasks


@pytest.mark.seeds(5)
async def test_a_tell_whose_connection_breaks_who_waits_first_then_what_is_in_doubt_then_the_peer(
    sim: Simulation,
) -> None:
    street = Street(sim)
    alice, bob = await street.open()
    with alice.subscribe(DeadLetter, PeerDown) as events:
        tasks = await sent(street, alice, Peer(bob.node_id) / Desk, "tell")
        assert {*street.diary} == of("tell", SENT, "is done") | {"begins 0"}
        street.diary.clear()
        sim.network.break_streams("alice", "bob")
        await asyncio.gather(*tasks)
        await sim.until(lambda: not alice.peers, within=5)
        assert {*street.diary} == of("tell", WAITING, "PeerGone, never sent")
        letters = [f"DeadLetter {number}" for number in (*WAITING, *SENT)]
        assert said(events)[: len(letters) + 1] == [*letters, "PeerDown broken"]
    street.gate.set()


@pytest.mark.seeds(5)
async def test_a_tell_to_a_node_that_ends_what_it_took_is_done_and_the_rest_was_never_sent(sim: Simulation) -> None:
    street = Street(sim)
    alice, bob = await street.open()
    with alice.subscribe(DeadLetter, PeerDown) as events:
        tasks = await sent(street, alice, Peer(bob.node_id) / Desk, "tell")
        street.diary.clear()
        sim.loop.call_later(1.0, street.gate.set)
        await bob.aclose()
        await asyncio.gather(*tasks)
        await sim.until(lambda: not alice.peers, within=5)
        assert {*street.diary[: len(WAITING)]} == of("tell", WAITING, "ShuttingDown, never sent")
        assert street.diary[len(WAITING) :] == [
            f"{verb} {number}" for number in SENT for verb in ("begins", "ends") if (verb, number) != ("begins", 0)
        ]
        assert said(events) == [*(f"DeadLetter {number}" for number in WAITING), "PeerDown peer_shutting_down"]


@pytest.mark.seeds(5)
async def test_an_ask_whose_connection_breaks_ends_on_both_sides_and_then_the_peer_is_down(sim: Simulation) -> None:
    street = Street(sim)
    alice, bob = await street.open()
    with alice.subscribe(DeadLetter, PeerDown) as events:
        tasks = await sent(street, alice, Peer(bob.node_id) / Desk, "ask")
        street.diary.clear()
        sim.network.break_streams("alice", "bob")
        await asyncio.gather(*tasks)
        await sim.until(lambda: "gives up 0" in street.diary, within=5)
        await sim.until(lambda: not alice.peers, within=5)
        under_way, waiting = of("ask", SENT, "PeerGone"), of("ask", WAITING, "PeerGone, never sent")
        assert {*street.diary} == under_way | waiting | {"gives up 0"}  # and nothing else has begun there
        assert said(events)[: len(WAITING) + 1] == [*(f"DeadLetter {number}" for number in WAITING), "PeerDown broken"]


@pytest.mark.seeds(5)
async def test_an_ask_of_a_node_that_ends_is_answered_if_it_was_taken_before_that(sim: Simulation) -> None:
    street = Street(sim)
    alice, bob = await street.open()
    with alice.subscribe(DeadLetter, PeerDown) as events:
        tasks = await sent(street, alice, Peer(bob.node_id) / Desk, "ask")
        street.diary.clear()
        sim.loop.call_later(1.0, street.gate.set)
        await bob.aclose()
        await asyncio.gather(*tasks)
        await sim.until(lambda: not alice.peers, within=5)
        assert {*street.diary[: len(WAITING)]} == of("ask", WAITING, "ShuttingDown, never sent")
        assert of("ask", SENT, "is done") <= {*street.diary[len(WAITING) :]}
        assert said(events) == [*(f"DeadLetter {number}" for number in WAITING), "PeerDown peer_shutting_down"]


@pytest.mark.seeds(5)
async def test_the_asker_that_ends_waits_for_what_it_has_asked_before_its_peer_hears_of_it(sim: Simulation) -> None:
    street = Street(sim)
    alice, bob = await street.open()
    with bob.subscribe(PeerDown) as downs, alice.subscribe(ActorTerminated) as ends:
        tasks = await sent(street, alice, Peer(bob.node_id) / Desk, "ask")
        street.diary.clear()
        sim.loop.call_later(1.0, street.gate.set)
        await alice.aclose()
        await asyncio.gather(*tasks)
        await sim.until(lambda: not bob.peers, within=5)
        # With an answer to a PING credit may have come back for the first one, and let one more go.
        still = WAITING if "ask 4 is done" not in street.diary else WAITING[1:]
        assert {*street.diary[: len(still)]} == of("ask", still, "ShuttingDown, never sent")
        assert of("ask", range(still.start), "is done") <= {*street.diary[len(still) :]}
        assert said(downs) == ["PeerDown peer_shutting_down"]
        stopped = [each.removeprefix("ActorTerminated ") for each in said(ends)]
        connection = next(each for each in stopped if each.startswith(f"peer-{bob.node_id[:8]}"))
        order = [stopped.index(name) for name in (connection, "peerbus.peers", "peerbus.book")]
        assert order == sorted(order)


# A dial, until the peer is up.


SLOW = 0.4


async def dialing(sim: Simulation, moment: float) -> tuple[Node, Node]:
    """Alice has been dialing bob for some seconds: the stream opens, his HELLO has come, or hers has."""
    sim.network.shape(latency=SLOW)
    bob = await sim.node("bob", discover=False, options=TIMES)
    alice = await sim.node("alice", discover=False, peers=["bob"], options=TIMES)
    await sim.run_for(moment)
    assert not alice.peers
    return alice, bob


@pytest.mark.parametrize("moment", [1.5 * SLOW, 2.5 * SLOW])
@pytest.mark.seeds(3)
async def test_a_dial_whose_stream_breaks_is_no_peer_until_the_next_one(sim: Simulation, moment: float) -> None:
    alice, bob = await dialing(sim, moment)
    with alice.subscribe(PeerUp, PeerDown) as ours, bob.subscribe(PeerUp, PeerDown) as theirs:
        assert sim.network.break_streams("alice", "bob")
        await sim.until(lambda: alice.peers and bob.peers, within=60)
        assert [type(event) for event in (await ours.get(), await theirs.get())] == [PeerUp, PeerUp]
        assert (ours.get_nowait(), theirs.get_nowait()) == (None, None)


@pytest.mark.parametrize("moment", [0.5 * SLOW, 1.5 * SLOW, 2.5 * SLOW])
@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.seeds(3)
async def test_a_node_that_ends_in_the_middle_of_a_dial_was_never_a_peer(
    sim: Simulation, who: str, moment: float
) -> None:
    alice, bob = await dialing(sim, moment)
    ends, stays = (alice, bob) if who == "alice" else (bob, alice)
    with ends.subscribe(PeerUp, PeerDown, ActorTerminated) as of_it, stays.subscribe(PeerUp, PeerDown) as of_other:
        await ends.aclose()
        heard = said(of_it)
        assert [each for each in heard if each.startswith("Peer")] == []
        assert heard[-3:] == [f"ActorTerminated peerbus.{name}" for name in ("peers", "book", "router")]
        await sim.run_for(20 * SLOW)
        # Alice's last word of the handshake is out by then: bob has it before her end.
        late = who == "alice" and moment > 2 * SLOW
        assert said(of_other) == (["PeerUp", "PeerDown broken"] if late else [])
        assert stays.peers == ()


# A record of a peer exchange, until the dial.


async def told(sim: Simulation) -> tuple[Node, Node, Node]:
    """Bob has heard of carol by the hub, and dials her: it takes long."""
    hub = await sim.node("hub", discover=False, pex=True, options=TIMES)
    carol = await sim.node("carol", discover=False, peers=["hub"], pex=True, options=TIMES)
    await sim.until(lambda: hub.peers, within=5)
    await sim.run_for(5)
    bob = await sim.node("bob", discover=False, pex=True, options=TIMES)
    for one, other in (("bob", "carol"), ("carol", "bob")):
        sim.network.shape_link(one, other, latency=0.8)
    assert await bob.add_persistent(hub.endpoints[0])
    await sim.until(lambda: bob.snapshot().peers.dialing and hub.node_id in bob.peers, within=120)
    assert carol.node_id not in bob.peers
    return hub, carol, bob


@pytest.mark.seeds(3)
async def test_a_dial_for_a_record_goes_on_without_who_told_it(sim: Simulation) -> None:
    hub, carol, bob = await told(sim)
    with bob.subscribe(PeerUp, PeerDown) as events:
        await hub.aclose()
        await sim.until(lambda: carol.node_id in bob.peers, within=60)
        heard = [await events.get(), await events.get()]
        assert [(type(event), getattr(event, "node_id", "")) for event in heard] == [
            (PeerDown, hub.node_id),
            (PeerUp, carol.node_id),
        ]


@pytest.mark.seeds(3)
async def test_who_was_told_of_and_ends_is_known_and_no_peer(sim: Simulation) -> None:
    hub, carol, bob = await told(sim)
    with bob.subscribe(PeerUp, PeerDown) as events:
        await carol.aclose()
        await sim.run_for(20)
        assert events.get_nowait() is None
    (view,) = [peer for peer in bob.snapshot().peers.peers if peer.node_id == carol.node_id]
    assert (view.up, view.told_by) == (False, hub.node_id)


@pytest.mark.seeds(3)
async def test_who_was_told_and_ends_stops_asking_then_dialing_and_keeps_what_it_knows_last(sim: Simulation) -> None:
    _, carol, bob = await told(sim)
    with bob.subscribe(ActorTerminated, PeerUp) as events, carol.subscribe(PeerUp) as ups:
        await bob.aclose()
        ends = said(events)
        assert [each for each in ends if each.startswith("PeerUp")] == []
        order = [ends.index(f"ActorTerminated {name}") for name in ("peerbus.pex", "peerbus.peers", "peerbus.book")]
        assert order == sorted(order)
        await sim.run_for(20)
        assert ups.get_nowait() is None
