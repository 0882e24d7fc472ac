from __future__ import annotations

from functools import partial

import pytest
from crunching import Add, Counter, Fail, Pid, Relay, Second
from inside_pairs import InsideScene, inside_scene

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Bus,
    Capability,
    DeadlineExceeded,
    MessageTypeError,
    NoRoute,
    Peer,
    QuorumFailed,
    RemoteError,
    Results,
    Role,
)
from peerbus.node.workers.gate import Gate, SenderThere
from peerbus.node.workers.outside import Outside
from peerbus.node.workers.talk import GATE, PeerEnded
from peerbus.transports.wire import Codecs


async def gated(scene: InsideScene, told: list[object]) -> Bus:
    """A worker whose sends go out by a gate of the node, which offers the role `count`."""
    node = scene.node
    node.declare(GATE)
    gate = partial(Gate, scene.node_codecs, told.append, lambda worker, message: told.append((worker, message)))
    await node.started(node.spawn(gate))
    node.offer([Capability.parse("count")])
    worker = await scene.add(Counter)
    worker.outward = Outside("w0", worker, Codecs(worker.channels), scene.their_ends[0].way)
    return worker


async def test_a_worker_sends_to_roles_and_peers_through_it_and_hears_what_became_of_that() -> None:
    told: list[object] = []
    async with inside_scene([Second]) as scene:
        worker = await gated(scene, told)
        to = Role("count") / Second
        assert await worker.ask(to, Add(4), timeout=5) == 4
        await worker.tell(to, Add(1))
        assert await worker.tell_many(to, [Add(1)] * 200) == 200
        assert await worker.ask(Role("count", "all") / Second, Add(0), timeout=5) == {"local": 205}
        assert await worker.tell(Role("count", "all") / Second, Add(0)) == {"local": None}
        assert await worker.tell_many(Role("count", "all") / Second, [Add(0)] * 3) == {"local": 3}
        assert await worker.ask(EVERYONE / Second, Pid(), timeout=5) == Results({}, {})
        # Its sender is an actor of the worker, whose address is one of the node.
        assert (await scene.node.ask(LOCAL / Counter, Relay("bus://role:count/second"), timeout=5)).startswith("None")
        with pytest.raises(RemoteError) as raised:
            await worker.ask(to, Fail("not_found"), timeout=5)
        assert raised.value.code == "not_found"
        for wrong, error in ((Role("other") / Second, NoRoute), (Peer("0" * 64) / Second, NoRoute)):
            with pytest.raises(error):
                await worker.ask(wrong, Add(1), timeout=5)
            with pytest.raises(error):
                await worker.tell(wrong, Add(1))
        with pytest.raises(MessageTypeError):
            await worker.tell(Role("count") / "second", "no message")
        with pytest.raises(DeadlineExceeded):
            await worker.ask(to, Add(1), timeout=0)
        with pytest.raises(NoRoute, match="does not know the channel 'nobody'"):
            await worker.tell(Role("count") / "nobody", Add(1))
        with pytest.raises(QuorumFailed):
            await worker.ask(Role("count", "all") / Second, Fail("no"), quorum=1, timeout=5)


async def test_an_actor_of_a_worker_that_watches_a_peer_that_is_not_there_hears_so() -> None:
    told: list[object] = []
    async with inside_scene([Second]) as scene:
        worker = await gated(scene, told)
        cell = worker.cell("counter")
        assert cell is not None
        peer = Peer("0" * 64) / Second
        worker.watch(peer, cell)
        worker.unwatch(peer, cell)
        await worker.ask(Role("count") / Second, Pid(), timeout=5)
        while not told:
            await worker.ask(Role("count") / Second, Pid(), timeout=5)
        assert told == [("w0", PeerEnded(str(peer), "bus://local/counter", "no_route"))]


def test_a_sender_of_another_process_has_an_address_and_no_bus() -> None:
    one, two = SenderThere.at("bus://local/counter"), SenderThere.at("bus://local/counter")
    assert one is not None
    assert (one == two, one.address, one.bus, hash(one) == hash(two)) == (True, LOCAL / "counter", None, True)
    assert SenderThere.at("") is None
    assert SenderThere.at("bus://all/counter") is None
