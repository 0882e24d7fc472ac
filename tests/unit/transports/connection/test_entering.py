"""Coming into a network that is not open, on a stream: before HELLO, in its time, and with a reason for each end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from authorities import issued, new_authority, trust_in
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import HandshakeFailed
from peerbus.transports.admission import EntryRules, NetworkKey
from peerbus.transports.connection.greeting import Greeted, greet
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.memory_stream import MemoryStream
from peerbus.transports.wire.hello import Hello

ALICE, BOB = (Identity.from_seed(name.ljust(32, b".")) for name in (b"alice", b"bob"))
KEY, OTHER, CA = NetworkKey(b"k" * 32), NetworkKey(b"o" * 32), new_authority(ends=5e9)
WITH_KEY = EntryRules(keys=(KEY,))


def member(identity: Identity, ends: float = 4e9) -> EntryRules:
    return EntryRules(trust=trust_in(CA), certificate=issued(CA, identity, ends=ends))


def hello_of(identity: Identity) -> Hello:
    return Hello(
        node_id=identity.node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=(),
        agent="test",
        nonce=bytes(16),
    )


async def meet(
    alice: EntryRules | None, bob: EntryRules | None, *, proven: bool = True
) -> tuple[object, object, list[Hello]]:
    """What becomes of Alice, who dials, and of Bob; and whose HELLO was heard."""
    network, heard = MemoryNetwork(), list[Hello]()
    listener = await network.transport(BOB.node_id).listen(Endpoint.parse("memory://bob"))
    accepting = asyncio.ensure_future(listener.accept())
    dialed = await network.transport(ALICE.node_id).dial(Endpoint.parse("memory://bob"), expect=None, timeout=1)
    accepted = await accepting
    for stream in (dialed, accepted):
        assert isinstance(stream, MemoryStream)
        stream.peer_id = stream.peer_id if proven else None
    try:
        both = await asyncio.gather(
            outcome_of(greet(dialed, hello_of(ALICE), heard.append, dialed=True, rules=alice)),
            outcome_of(greet(accepted, hello_of(BOB), heard.append, dialed=False, rules=bob)),
        )
    finally:
        await asyncio.gather(dialed.aclose(), accepted.aclose(), listener.aclose())
    return both[0], both[1], heard


@pytest.mark.parametrize(
    ("alice", "bob", "proven"),
    [
        (EntryRules(allow=frozenset({BOB.node_id})), EntryRules(allow=frozenset({ALICE.node_id})), True),
        (None, EntryRules(allow=frozenset({ALICE.node_id})), True),
        (WITH_KEY, WITH_KEY, True),
        (WITH_KEY, WITH_KEY, False),
        (member(ALICE), member(BOB), True),
    ],
)
def test_who_keeps_the_rules_comes_in_and_it_is_known_by_what_right(
    alice: EntryRules | None, bob: EntryRules, proven: bool
) -> None:
    @in_virtual_time
    async def run() -> None:
        ours, theirs, heard = await meet(alice, bob, proven=proven)
        assert isinstance(ours, Greeted)
        assert isinstance(theirs, Greeted)
        assert len(heard) == 2
        assert theirs.credentials is not None
        assert (theirs.credentials.node_id, theirs.credentials.proven) == (ALICE.node_id, proven)
        assert (theirs.credentials.certified, bool(theirs.credentials.key)) == (bool(bob.trust), bool(bob.keys))

    run()


@pytest.mark.parametrize(
    ("alice", "bob", "proven", "reasons"),
    [
        (None, EntryRules(allow=frozenset({"f" * 64})), True, ("not_allowed", "not_allowed")),
        (EntryRules(allow=frozenset({"f" * 64})), None, True, ("not_allowed", "not_allowed")),
        (EntryRules(keys=(OTHER,)), WITH_KEY, True, ("network_key", "network_key")),
        (None, WITH_KEY, True, ("network_policy", "network_policy")),
        (WITH_KEY, None, True, ("network_policy", "network_policy")),
        (WITH_KEY, member(BOB), True, ("network_policy", "network_policy")),
        (member(ALICE), replace(member(BOB), trust=trust_in(new_authority())), True, ("certificate", "certificate")),
        (member(ALICE, ends=1_750_000_000.0), member(BOB), True, ("expired", "expired")),
        (member(ALICE), member(BOB), False, ("unproven", "unproven")),
    ],
)
def test_who_does_not_is_refused_on_both_sides_and_no_hello_is_heard(
    alice: EntryRules | None, bob: EntryRules | None, proven: bool, reasons: tuple[str, str]
) -> None:
    @in_virtual_time
    async def run() -> None:
        ours, theirs, heard = await meet(alice, bob, proven=proven)
        assert isinstance(ours, HandshakeFailed)
        assert isinstance(theirs, HandshakeFailed)
        assert (ours.reason, theirs.reason) == reasons
        assert not heard
        told = next((each for each in (ours, theirs) if each.by_peer), None)
        assert told is None or told.text == ""  # a stranger learns the word, and nothing else

    run()


@in_virtual_time
async def test_one_who_says_nothing_is_given_up_in_time_and_hears_nothing_of_us() -> None:
    network = MemoryNetwork()
    listener = await network.transport(BOB.node_id).listen(Endpoint.parse("memory://bob"))
    accepting = asyncio.ensure_future(listener.accept())
    stranger = await network.transport(ALICE.node_id).dial(Endpoint.parse("memory://bob"), expect=None, timeout=1)
    outcome = await outcome_of(
        greet(await accepting, hello_of(BOB), lambda _: None, dialed=False, rules=WITH_KEY, timeout=3)
    )
    assert isinstance(outcome, HandshakeFailed)
    assert outcome.reason == "timeout"
    said = b""
    while data := await stranger.read():
        said += data
    assert b"node" not in said
    await asyncio.gather(stranger.aclose(), listener.aclose())
