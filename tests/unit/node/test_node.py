"""A node as a program sees it: started, asked, looked at, stopped; alone, without a network."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import inf, nan
from random import Random
from typing import Any

import pykka
import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Address,
    Channel,
    ChannelTuning,
    ConfigError,
    ListenFailed,
    MessageTooLarge,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerbusError,
    Reactor,
    Role,
    ShuttingDown,
    WouldDeadlock,
    handles,
)
from peerbus.discovery.facts.require import Require
from peerbus.discovery.peer.options import PeerOptions
from peerbus.node import Node, NodeSnapshot
from peerbus.transports import Identity


@dataclass(frozen=True)
class Double:
    value: int


@dataclass(frozen=True)
class Text:
    text: str


class Doubler(Reactor):
    channel = Channel("doubler", messages=(Double, Text))

    @handles(Text)
    def read(self, message: Text) -> None: ...

    @handles(Double)
    def double(self, message: Double) -> int:
        return 2 * message.value


class Failing(Reactor):
    channel = Channel("failing", messages=(Double,))

    @handles(Double)
    def never(self, _: Double) -> None: ...

    def on_start(self) -> None:
        raise RuntimeError("no such disk")


async def test_a_role_that_the_node_offers_itself_is_answered_by_its_own_reactor() -> None:
    async with Node("alice", offers={"maths"}, reactors=[Doubler]) as node:
        assert await node.ask(Role("maths") / Doubler, Double(21), reply=int) == 42
        assert await node.ask(LOCAL / "doubler", Double(4)) == 8


async def test_what_is_set_of_a_channel_is_what_peers_are_granted() -> None:
    tuning: ChannelTuning = {"priority": 200, "window": 7, "window_bytes": 4096, "max_message": 512}
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Doubler], tuning={"doubler": tuning}) as alice,
        Node("bob", peers=alice.endpoints, channels=[Doubler.channel]) as bob,
    ):
        assert await bob.ask(Peer(alice.node_id) / Doubler, Double(21), wait_for_peer=True) == 42
        (connection,) = bob.snapshot().connections.values()
        assert connection.lanes["doubler"].credit_messages in (6, 7)
        big = Text("x" * 600)
        with pytest.raises(MessageTooLarge, match="carries 512"):
            await bob.tell(Peer(alice.node_id) / Doubler, big)


async def test_of_a_node_with_peers_only_the_users_actors_are_in_pykkas_registry() -> None:
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Doubler], pex=True) as alice,
        Node("bob", peers=alice.endpoints, channels=[Doubler.channel], pex=True) as bob,
    ):
        there = Peer(alice.node_id) / Doubler
        assert await bob.ask(there, Double(21), reply=int, wait_for_peer=True) == 42
        assert [ref.actor_class for ref in pykka.ActorRegistry.get_all()] == [Doubler]
        for stopped in pykka.ActorRegistry.stop_all(block=False):
            assert await stopped
        with pytest.raises(NoSuchReactor):
            await bob.ask(there, Double(21), timeout=5)
        assert (alice.peers, bob.peers) == ((bob.node_id,), (alice.node_id,))


async def test_a_role_that_nobody_offers_has_no_route() -> None:
    async with Node("alice", reactors=[Doubler]) as node:
        with pytest.raises(NoRoute, match="maths"):
            await node.ask(Role("maths") / Doubler, Double(1))


async def test_withdrawing_a_role_takes_it_out_of_routing() -> None:
    async with Node("alice", offers={"maths"}, reactors=[Doubler]) as node:
        node.withdraw("maths")
        await node.ask(LOCAL / Doubler, Double(0))  # the peer manager had its turn
        with pytest.raises(NoRoute):
            await node.ask(Role("maths") / Doubler, Double(1))
        with pytest.raises(ValueError, match="does not offer 'maths'"):
            node.withdraw("maths")


async def test_all_of_a_role_includes_the_node_itself_where_it_offers_it() -> None:
    async with Node("alice", offers={"maths"}, reactors=[Doubler]) as node:
        answers = await node.ask(Role("maths", "all") / Doubler, Double(4), reply=int)
        assert answers.answers == {"local": 8}
        assert (await node.tell(Role("maths", "all") / Doubler, Double(4))).ok
        assert len(await node.ask(Role("cooking", "all") / Doubler, Double(4))) == 0


async def test_everyone_is_the_peers_and_not_the_node_itself() -> None:
    async with Node("alice", reactors=[Doubler]) as node:
        results = await node.tell(EVERYONE / Doubler, Double(1))
        assert len(results) == 0
        assert not results.ok


async def test_unknown_reactors_and_peers_are_named_in_the_error() -> None:
    async with Node("alice") as node:
        with pytest.raises(NoSuchReactor, match="nothing"):
            await node.ask(LOCAL / "nothing", Double(1))
        with pytest.raises(NoRoute, match="aaaa"):
            await node.tell(Peer("a" * 64) / "doubler", Double(1))


def test_a_plain_program_starts_a_node_in_a_thread_and_gets_its_answers() -> None:
    node = Node("alice", offers={"maths"}, reactors=[Doubler]).start()
    try:
        assert node.ask(Role("maths") / Doubler, Double(3), reply=int).get(timeout=5) == 6
        with pytest.raises(NoRoute):
            node.ask(Role("cooking") / Doubler, Double(3)).get(timeout=5)
    finally:
        node.stop()
        node.stop()
    assert not [thread for thread in threading.enumerate() if "alice" in thread.name]


def test_a_node_that_is_started_twice_can_still_be_stopped() -> None:
    node = Node("alice", reactors=[Doubler]).start()
    with pytest.raises(PeerbusError, match="alice runs already; a node is started once"):
        node.start()
    node.stop()
    with pytest.raises(ShuttingDown):
        node.ask(LOCAL / Doubler, Double(1)).get(timeout=5)


def test_an_ask_of_what_is_no_address_says_what_to_write() -> None:
    node = Node("alice", reactors=[Doubler]).start()
    wrong: tuple[tuple[Any, str], ...] = (
        (Role("maths"), r"Role\('maths'\) is no address, .*; write Role\('maths'\) / MyReactor"),
        ("doubler", "'doubler' is no address, .*; write LOCAL / 'doubler'"),
        (Doubler, "is no address, .*; write LOCAL / Doubler"),
    )
    for to, says in wrong:
        with pytest.raises(TypeError, match=says):
            node.ask(to, Double(1)).get(timeout=5)
    node.stop()


def test_what_keeps_a_node_from_starting_is_raised_by_start() -> None:
    with pytest.raises(RuntimeError, match="no such disk"):
        Node("alice", reactors=[Failing]).start()


async def test_a_reactor_that_cannot_start_leaves_no_node_behind() -> None:
    with pytest.raises(RuntimeError, match="no such disk"):
        async with Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Doubler, Failing]):
            pytest.fail("entered")


async def test_an_endpoint_that_is_taken_keeps_the_node_from_starting() -> None:
    async with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
        taken = alice.endpoints[0].rpartition("@")[2]
        with pytest.raises(ListenFailed):
            async with Node("bob", listen=[f"tcp://{taken}"]):
                pytest.fail("entered")


async def test_a_blocking_wait_on_the_loop_is_refused_at_once() -> None:
    async with Node("alice", reactors=[Doubler]) as node:
        outcome = node.ask(LOCAL / Doubler, Double(1))
        with pytest.raises(WouldDeadlock):
            outcome.get(timeout=1)
        assert await outcome == 2


async def test_a_stopped_node_takes_no_work() -> None:
    async with Node("alice", reactors=[Doubler]) as node:
        pass
    with pytest.raises(ShuttingDown):
        await node.ask(LOCAL / Doubler, Double(1))
    with pytest.raises(PeerbusError):
        node.spawn(Doubler)


async def test_the_snapshot_shows_who_and_where_and_what_is_queued() -> None:
    identity = Identity.from_seed(b"s" * 32)
    async with Node(
        "alice", identity=identity, offers={"maths{speed=2}"}, listen=["tcp://127.0.0.1:0"], reactors=[Doubler]
    ) as node:
        await node.ask(LOCAL / Doubler, Double(1))
        picture = node.snapshot()
        assert isinstance(picture, NodeSnapshot)
        assert picture.node_id == identity.node_id
        assert picture.offers == ("maths{speed=2}",)
        assert picture.endpoints[0].startswith(f"tcp://{identity.node_id}@127.0.0.1:")
        assert picture.actors.actors["doubler"].delivered == 1
        assert picture.connections == {}


async def test_a_node_with_the_same_rng_draws_the_same_urns() -> None:
    async def urn() -> str:
        async with Node("alice", identity=Identity.from_seed(b"u" * 32), rng=Random(7)) as node:
            return node.spawn(Idle).actor_urn

    assert await urn() == await urn()


class Idle(Actor):
    """Does nothing."""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"listen": ["tcp://127.0.0.1"]}, "listen"),
        ({"listen": ["carrier-pigeon://loft"]}, "listen"),
        ({"offers": "archive"}, "set of roles"),
        ({"offers": ["Archive!"]}, "offers"),
        ({"offers": ["archive", "archive{from=1}"]}, "twice"),
        ({"peers": ["10.0.0.1"]}, "peers"),
        ({"peers": "tcp://10.0.0.1:7400"}, r"peers is a list of endpoints, \['tcp://10.0.0.1:7400'\], not one text"),
        ({"peers": ["tcp://0.0.0.0:7400"]}, "peers: tcp://0.0.0.0:7400 is where a node listens, and cannot be dialed"),
        ({"seeds": ["tcp://10.0.0.1:0"]}, "seeds: tcp://10.0.0.1:0 is where a node listens, and cannot be dialed"),
        ({"advertise": ["tcp://0.0.0.0:7400"]}, "advertise: tcp://0.0.0.0:7400 is where a node listens"),
        ({"mdns": "lo"}, r"mdns is True, False or a list of interfaces, \['lo'\], not one text"),
        ({"name": ""}, "name: '' is not a name; write 1 to 64 printable characters"),
        ({"network": "n" * 65}, "network: 'n+' is not a name"),
        ({"network": "a\nb"}, r"network: 'a\\nb' is not a name"),
        ({"heartbeat": 0.0}, "heartbeat: 0.0 is out of range; write seconds, above 0"),
        ({"heartbeat": nan}, "heartbeat: nan is out of range"),
        ({"shutdown_timeout": -1.0}, "shutdown_timeout: -1.0 is out of range; write seconds, 0 or more"),
        ({"shutdown_timeout": inf}, "shutdown_timeout: inf is out of range"),
        (
            {"options": PeerOptions(max_connected=2), "requires": [Require(role="archive", at_least=3)]},
            "requires: at least 3 with archive, but max_connected is 2",
        ),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Node(**{"name": "alice", **arguments})  # type: ignore[arg-type]  # that is what is tested


async def test_a_handler_sees_nobody_as_the_sender_of_plain_code() -> None:
    seen: list[Address[object] | None] = []

    class Witness(Reactor):
        channel = Channel("witness", messages=(Double,))

        @handles(Double)
        def look(self, message: Double, sender: Address[object] | None) -> None:
            seen.append(sender)

    async with Node("alice", reactors=[Witness]) as node:
        await node.ask(LOCAL / Witness, Double(1))
    assert seen == [None]


async def test_a_subclass_that_sends_in_its_own_way_is_asked_each_time() -> None:
    class Counting(Node):
        sends = 0

        def tell(self, *args: Any, **how: Any) -> Any:
            self.sends += 1
            return super().tell(*args, **how)

        def ask(self, *args: Any, **how: Any) -> Any:
            self.sends += 1
            return super().ask(*args, **how)

    async with Counting("alice", reactors=[Doubler]) as node:
        for number in (1, 2):
            await node.tell(LOCAL / Doubler, Double(number))
            assert await node.ask(LOCAL / Doubler, Double(number)) == 2 * number
        assert node.sends == 4


def test_a_node_in_plain_code_is_entered_and_left_by_with() -> None:
    with Node("alice", offers={"maths"}, reactors=[Doubler]) as node:
        assert node.ask(Role("maths") / Doubler, Double(21), reply=int).get(timeout=5) == 42
    with pytest.raises(ShuttingDown):
        node.tell(LOCAL / Doubler, Double(1)).get(timeout=5)
    with pytest.raises(ZeroDivisionError), Node("bob", reactors=[Doubler]) as other:
        raise ZeroDivisionError
    assert other.bus.closing


def test_what_keeps_a_node_from_starting_is_raised_by_with() -> None:
    with pytest.raises(RuntimeError, match="no such disk"), Node("alice", reactors=[Failing]):
        pass


async def test_with_in_an_event_loop_says_that_it_takes_async_with() -> None:
    with pytest.raises(PeerbusError, match=r"write `async with Node\(…\)`"), Node("alice"):
        pass


def test_a_node_that_has_stopped_says_so_and_not_that_it_runs() -> None:
    node = Node("alice").start()
    node.stop()
    node.stop()
    for enter in (node.start, node.__enter__):
        with pytest.raises(PeerbusError, match=r"alice has stopped; a node runs once: make a new one, Node\(…\)"):
            enter()
    node = Node("bob", reactors=[Failing])
    with pytest.raises(RuntimeError):
        node.start()
    with pytest.raises(PeerbusError, match="bob has stopped"):
        node.start()


async def test_a_node_that_has_stopped_is_not_entered_again() -> None:
    node = Node("alice")
    async with node:
        with pytest.raises(PeerbusError, match="runs already"):
            node.start()
        with pytest.raises(PeerbusError, match="runs already"):
            await node.__aenter__()
    with pytest.raises(PeerbusError, match="has stopped"):
        await node.__aenter__()
