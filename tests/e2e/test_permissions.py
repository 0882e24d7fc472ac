"""Who may do what, over real sockets: by a key that is proven, and by none that is only claimed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from virtual_time import eventually, in_real_time

from peerbus.actors import Channel, Message, NotAllowed, Peer, Reactor, Role, handles
from peerbus.discovery import PeerOptions, Require
from peerbus.node import Allow, Network, Node, Permissions
from peerbus.transports.streams import Identity, UnixTransport
from peerbus.transports.streams.authority import Authority, Terms


class Note(Message):
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return Note(message.number + 1)


@in_real_time
async def test_a_stranger_with_a_fresh_key_gets_no_ask_of_a_role_and_is_answered_none() -> None:
    friend = Identity.generate()
    rules = Permissions(channels={"desk": Allow(ask=[friend.node_id])}, roles={"archive": [friend.node_id]})
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Desk], permissions=rules) as alice,
        Node("friend", identity=friend, peers=alice.endpoints, reactors=[Desk], offers={"archive"}) as good,
        Node("stranger", peers=alice.endpoints, reactors=[Desk], offers={"archive"}) as stranger,
    ):
        await eventually(lambda: {good.node_id, stranger.node_id} == set(alice.peers))
        await eventually(lambda: alice.node_id in good.peers and alice.node_id in stranger.peers)
        for number in range(50):
            assert await alice.ask(Role("archive") / Desk, Note(number)) == Note(number + 1)
        assert "desk" not in stranger.snapshot().ledger.arrived
        assert await good.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(2)
        with pytest.raises(NotAllowed):
            await stranger.ask(Peer(alice.node_id) / Desk, Note(1))
        await stranger.tell(Peer(alice.node_id) / Desk, Note(1))  # the rule is of asks
        await eventually(lambda: alice.snapshot().ledger.arrived["desk"].delivered == 2)
        assert alice.snapshot().ledger.arrived["desk"].failed == {}, "it was told before, and has not asked"


def member(authority: Authority, roles: frozenset[str], **attributes: str) -> tuple[Identity, Network]:
    """A node of a network, and what its certificate lets it in by."""
    now, key = time.time(), Identity.generate()
    terms = Terms(begins=now - 60, ends=now + 3600, roles=roles, attributes=attributes)
    issued = authority.issue(key.public_key_der, terms).certificate
    return key, Network("demo", authority=authority.certificate, certificate=issued)


@in_real_time
async def test_a_role_and_an_attribute_are_what_the_networks_authority_says() -> None:
    now = time.time()
    authority = Authority.generate(Terms(begins=now - 60, ends=now + 7200))
    rules = Permissions(channels={"desk": Allow(tell=["team=night"], ask=["role:reader"])}, roles={"a": ["role:a"]})
    key, network = member(authority, frozenset())
    options = PeerOptions(requires=(Require(role="a", at_least=1),))
    async with Node(
        "alice",
        identity=key,
        network=network,
        listen=["tcp://127.0.0.1:0"],
        reactors=[Desk],
        permissions=rules,
        options=options,
    ) as alice:
        reader, night = member(authority, frozenset({"reader", "a"})), member(authority, frozenset(), team="night")
        async with (
            Node("r", identity=reader[0], network=reader[1], peers=alice.endpoints, reactors=[Desk], offers={"a"}) as r,
            Node("n", identity=night[0], network=night[1], peers=alice.endpoints, reactors=[Desk], offers={"a"}) as n,
        ):
            await eventually(lambda: {r.node_id, n.node_id} == set(alice.peers))
            await eventually(lambda: alice.node_id in r.peers and alice.node_id in n.peers)
            assert await r.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(2)
            with pytest.raises(NotAllowed):
                await n.ask(Peer(alice.node_id) / Desk, Note(1))
            await n.tell(Peer(alice.node_id) / Desk, Note(1))
            with pytest.raises(NotAllowed):
                await r.tell(Peer(alice.node_id) / Desk, Note(1))
            for number in range(20):
                assert await alice.ask(Role("a") / Desk, Note(number)) == Note(number + 1)
            assert "desk" not in n.snapshot().ledger.arrived
            assert alice.snapshot().peers.requirements[0].have == 1
            assert alice.snapshot().ledger.arrived["desk"].failed == {}


@in_real_time
async def test_an_id_that_a_plain_unix_socket_only_claims_opens_nothing(tmp_path: Path) -> None:
    key, other = Identity.generate(), Identity.generate()
    place = f"unix://{tmp_path}/s"
    rules = Permissions(ask=[other.node_id], roles={"archive": [other.node_id]})
    plain = [UnixTransport(key, secure=False)]
    async with (
        Node("alice", identity=key, listen=[place], transports=plain, reactors=[Desk], permissions=rules) as alice,
        Node(
            "bob",
            identity=other,
            peers=[place],
            transports=[UnixTransport(other, secure=False)],
            reactors=[Desk],
            offers={"archive"},
        ) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers)
        with pytest.raises(NotAllowed):
            await bob.ask(Peer(alice.node_id) / Desk, Note(1))
        (connection,) = alice.snapshot().connections.values()
        assert connection.refused == {"desk": ("ask",)}
        await eventually(lambda: [each.disbelieved for each in alice.snapshot().connections.values()] == [("archive",)])
