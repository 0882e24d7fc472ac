"""Addresses in messages: as which text they leave, which are refused and why, and what is read from a peer."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Address,
    Bus,
    Channel,
    Destination,
    Message,
    MessageTypeError,
    Peer,
    Reactor,
    Request,
    Role,
    handles,
    parse_address,
)
from peerbus.actors.engine import Here
from peerbus.actors.messages import GroupAddress, Key, Share, encoding_of
from peerbus.actors.messages.travelling import MAX_ADDRESS
from peerbus.transports.schema import describe
from peerbus.transports.wire import ChannelCodec

ID = "ab" * 32
OTHER = "cd" * 32


class Note(Message):
    text: str


class Follow(Message):
    to: Destination[Note]


class Move(Message, Request[Address[Note]]):
    to: Address[Note] | None = None
    all: tuple[Address[Note], ...] = ()


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> None: ...


class Own(Reactor):
    channel = Channel("own", messages=(Note,), local=True)

    @handles(Note)
    def note(self, note: Note) -> None: ...


class Plain(Actor):
    """Without a channel."""


CHANNEL = Channel("moves", messages=(Follow, Move))


def node() -> Bus:
    """A bus as a node has it."""
    bus = Bus("alice", reactors=[Notes, Own])
    bus.node_id = ID
    return bus


def codec_at(bus: Bus) -> ChannelCodec:
    return ChannelCodec(CHANNEL, home=Here(bus))


def through(codec: ChannelCodec, message: object) -> object:
    return codec.decode(*codec.encode(message, 1 << 20))


@pytest.mark.parametrize(
    ("address", "arrives"),
    [
        (LOCAL / "notes", Peer(ID) / "notes"),
        (LOCAL / "not-there-yet", Peer(ID) / "not-there-yet"),
        (Peer(OTHER) / "notes", Peer(OTHER) / "notes"),
        (Role("archive") / "notes", Role("archive") / "notes"),
        (Role("a", "least", where="x<=5,y") / "n", Role("a", "least", where="y,x<=5") / "n"),
        (Role("a", Key("ä/?")) / "n", Role("a", Key("ä/?")) / "n"),
    ],
)
async def test_what_is_local_becomes_this_node_and_all_else_stays(address: Address[Any], arrives: Address[Any]) -> None:
    async with node() as bus:
        codec = codec_at(bus)
        assert through(codec, Follow(address)) == Follow(arrives)
        assert through(codec, Move(address, (address, address))) == Move(arrives, (arrives, arrives))
        number, payload = codec.encode_reply(address, 1 << 20, 2)
        assert codec.decode_reply(number, payload, Move(), None) == arrives


async def test_the_ref_of_a_reactor_arrives_as_its_address_and_no_other_ref_leaves() -> None:
    async with node() as bus, node() as other:
        codec = codec_at(bus)
        ref = bus.spawn(Notes, name="more-notes")
        assert through(codec, Follow(ref)) == Follow(Peer(ID) / "more-notes")
        alone = Plain.start()
        plain = bus.spawn(Plain, name="plain")
        own: Any = bus.cell("own")
        for wrong, why in (
            (plain, "has no channel, so no peer can send to it"),
            (LOCAL / "plain", "has no channel, so no peer can send to it"),
            (own.ref, "is local, so no peer can send to it"),
            (other.spawn(Notes, name="there"), "runs on another node of this process"),
            (alone, "is on no bus"),
            (EVERYONE / "notes", "Follow.to holds GroupAddress, its type is Destination"),
            (Role("archive", Share(0.5)) / "notes", "Follow.to holds GroupAddress"),
            (Address(EVERYONE, "notes"), "is no place of one receiver"),  # type: ignore[arg-type]  # that is the point
            (Address(LOCAL, "Not A Name"), "no reactor is called 'Not A Name'"),
            (Role("a", Key("k" * MAX_ADDRESS)) / "n", f"at most {MAX_ADDRESS} travel"),
            (bus.tell(ref, Note("")), "Follow.to holds Delivered, its type is Destination"),
            ("bus://local/notes", "Follow.to holds str, its type is Destination"),
        ):
            with pytest.raises(MessageTypeError) as raised:
                codec.encode(Follow(wrong), 1 << 20)  # type: ignore[arg-type]  # that is the point
            assert why in str(raised.value)
        with pytest.raises(MessageTypeError, match=r"Move.to holds Ref, its type is Address \| None"):
            codec.encode(Move(ref), 1 << 20)  # type: ignore[arg-type]  # that is the point
        alone.stop()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bus://local/notes", "another place at each node"),
        ("bus://all/notes", "several receivers"),
        ("bus://role:a/notes?pick=all", "several receivers"),
        ("notes", "not an address"),
        (f"bus://{ID}/Notes", "not a reactor"),
        (f"bus://role:{'a' * MAX_ADDRESS}/n", f"at most {MAX_ADDRESS} are read"),
        (7, "an address is text, not int"),
        (None, "NoneType"),
    ],
)
def test_what_a_peer_may_not_write_is_malformed(text: object, why: str) -> None:
    codec = ChannelCodec(CHANNEL)
    payload = encoding_of(dict[str, str | int | None]).encode({"to": text})
    with pytest.raises(MessageTypeError, match=why):
        codec.decode(1, payload)


async def test_on_its_own_node_the_very_object_is_handed_over() -> None:
    got: list[object] = []

    class Keeps(Reactor):
        channel = Channel("keeps", messages=(Follow,))

        @handles(Follow)
        def follow(self, message: Follow) -> None:
            got.append(message.to)

    async with Bus() as bus:
        ref = bus.spawn(Keeps)
        for to in (LOCAL / "notes", ref):
            await bus.tell(ref, Follow(to))
    assert got == [LOCAL / "notes", ref]
    assert got[1] is ref


async def test_an_address_of_this_node_by_its_id_is_local() -> None:
    async with node() as bus:
        by_id = Peer(ID) / Notes
        await bus.tell(by_id, Note("a"))
        assert bus.ledger().local["notes"].sent == 1
        from_elsewhere = parse_address(str(by_id))
        assert not isinstance(from_elsewhere, GroupAddress)
        await bus.tell(from_elsewhere, Note("b"), wait_for_peer=True)
        assert bus.ledger().local["notes"].sent == 2


def test_a_description_says_address_and_both_declarations_mean_the_same() -> None:
    class One(Message):
        to: Address[Note]

    class Other(Message):
        to: Destination[Note]

    Other.__name__ = "One"
    one, other = (describe(Channel("c", messages=(kind,))) for kind in (One, Other))
    assert one.schema == other.schema
    assert one.description.definitions[0].fields[0].shape == "address"


def test_an_address_is_a_value() -> None:
    address = Role("archive", where="from<=5") / Notes
    assert copy.deepcopy(address) == address == pickle.loads(pickle.dumps(address))  # noqa: S301  # our own
    assert hash(address) == hash(parse_address(str(address)))
    assert repr(LOCAL / "a") == "Address(where=Local(), reactor='a')"
    assert address != "bus://role:archive/notes"
    with pytest.raises(FrozenInstanceError):
        address.reactor = "other"
    with pytest.raises(FrozenInstanceError):
        del address.reactor
    match address:
        case Address(Role(name="archive"), "notes"):
            pass
        case _:
            raise AssertionError(address)
