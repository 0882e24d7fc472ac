"""Gossip: whatever neighbours say, in whatever order, none of it raises; what they make a member hold is bounded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.base import SendError
from peerbus.actors.messages import Message
from peerbus.patterns import GossipOptions, gossip_channel
from peerbus.patterns.gossip import BUCKETS, MAX_WANTED, Carried, Digest, GossipCore, Have, Prune, Push, Want, item_id
from peerbus.transports.wire import ChannelCodec


class FuzzItem(Message):
    number: int


OPTIONS = GossipOptions(keep=8, keep_bytes=1 << 20, keep_for=60.0, remember=64, eager=2, exchange=1.0)
CODEC = ChannelCodec(gossip_channel("fuzzed", FuzzItem))
#: The numbers of what neighbours say, on such a channel.
KINDS = {kind: number for number, kind in enumerate(CODEC.channel.messages, 1)}
ENCODE, DECODE = msgspec.msgpack.Encoder().encode, msgspec.msgpack.decode
PEERS = ("one", "two", "three")
HELD = tuple(item_id("FuzzItem", bytes([number])) for number in range(3))


def check(data: bytes) -> None:
    """A list of [who, the number of a kind, a payload]: each is read as from a peer, and told to the core."""
    try:
        said = DECODE(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        said = [[0, 2, data]]
    core = GossipCore(OPTIONS, random.Random(1))
    core.members(PEERS, 0.0)
    for number in range(3):
        core.publish("FuzzItem", bytes([number]), 0.0)
    now = 0.0
    for entry in said if isinstance(said, list) else []:
        if isinstance(entry, list) and len(entry) == 3 and isinstance(entry[1], int):
            who, number, payload = entry
            payload = payload if isinstance(payload, bytes) else ENCODE(payload)
            now += 0.05
            hear(core, PEERS[hash(who) % 3 if isinstance(who, int) else 0], number, payload, now)
            bounded(core, now)
    for later in (0.5, 5.0, 100.0):
        core.tick(now + later)
        bounded(core, now + later)
    assert not core.store.items or now < OPTIONS.keep_for + 200


def hear(core: GossipCore, peer: str, number: int, payload: bytes, now: float) -> None:
    """As a `Gossip` does with what comes from a peer."""
    try:
        message = CODEC.decode(number, payload)
    except SendError:
        return
    match message:
        case Push():
            for held in core.pushed(peer, message, now):
                if held.kind == "FuzzItem":
                    core.accept(held, now)
                else:
                    core.refuse(held, now)
        case Have():
            core.has(peer, message, now)
        case Want():
            core.wants(peer, message, now)
        case Prune():
            core.pruned(peer)
        case Digest():
            core.digested(peer, message, now)


def bounded(core: GossipCore, now: float) -> None:
    """What is held is what the options say, and what there is to send comes to an end."""
    assert len(core.store.items) <= OPTIONS.keep
    assert len(core.store.known) <= OPTIONS.remember + OPTIONS.keep
    assert core.store.bytes == sum(item.size for item in core.store.items.values())
    assert len(core._wanted) <= MAX_WANTED
    for peer in PEERS:
        sent = 0
        while (message := core.next_for(peer, now)) is not None:
            assert CODEC.encode(message, 4 << 20)
            sent += 1
            assert sent < 10_000, "there is always more to send"
    due = core.due()
    assert due is None or due > now - 1000
    assert core.view(now).held == len(core.store.items)


def seeds() -> Iterator[tuple[str, bytes]]:
    """What honest neighbours say, and the lies that there are names for."""

    def said(*entries: tuple[int, Message]) -> bytes:
        whole: list[list[Any]] = []
        for who, message in entries:
            number, payload = CODEC.encode(message, 4 << 20)
            whole.append([who, number, payload])
        return ENCODE(whole)

    def item(number: int, *, kind: str = "FuzzItem", age: float = 0.0) -> Carried:
        return Carried(kind, bytes([number]), age)

    new = item_id("FuzzItem", bytes([9]))
    yield "honest", said((0, Push((item(9),))), (1, Have((new,))), (2, Digest((b"",) * BUCKETS)), (1, Prune()))
    yield "asks", said((0, Want(HELD)), (1, Want(HELD)), (0, Want(HELD)))
    yield "announces", said((0, Have(tuple(bytes([n]) * 16 for n in range(200)))), (1, Have(HELD, at_once=True)))
    yield "unknown_kind", said((0, Push((item(9, kind="Other"), item(10, kind="")))))
    yield "old_and_young", said((0, Push((item(9, age=1e9), item(10, age=59.0)))), (1, Push((item(9),))))
    yield "the_same_again", said(*(((0, Push((item(9),) * 3))),) * 3)
    yield "flood", said(*((0, Push(tuple(item(n) for n in range(k, k + 8)))) for k in range(0, 64, 8)))
    yield "short_digest", said((0, Digest(())), (1, Digest((b"x", b"y"), first=False)), (2, Digest((bytes(16),) * 64)))
    yield "nothing", ENCODE([])


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change what one neighbour says, or the list."""
    rng = random.Random(seed)
    try:
        said = DECODE(data)
        place = rng.randrange(len(said))
        said[place][2] = mutate_packed(said[place][2], rng)
        if rng.random() < 0.3:
            said.insert(rng.randrange(len(said) + 1), [rng.randrange(3), rng.choice(list(KINDS.values())), b"\xc0"])
        return ENCODE(said)[:max_size]
    except (msgspec.MsgspecError, ValueError, TypeError, IndexError, KeyError, RecursionError):
        return mutate_packed(data, rng)
