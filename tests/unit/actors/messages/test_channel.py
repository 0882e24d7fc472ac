"""Channels: what they declare and what they refuse."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors import Channel, DeadLetter, Overflow, Request, Terminated


@dataclass(frozen=True)
class Ping:
    number: int


class Pong(msgspec.Struct, frozen=True):
    number: int


def test_a_channel_knows_its_types_and_bounds() -> None:
    channel = Channel("pings", messages=(Ping, Pong), mailbox=5, overflow=Overflow.REJECT)
    assert channel.types == {Ping, Pong}
    assert (channel.mailbox, channel.overflow, channel.timeout, channel.priority) == (5, Overflow.REJECT, 5.0, 5)
    assert repr(channel) == "Channel('pings', Ping, Pong)"


@pytest.mark.parametrize(
    "values",
    [
        {"priority": 0},
        {"priority": 256},
        {"mailbox": 0},
        {"mailbox_bytes": 0},
        {"window": 0},
        {"window_bytes": 0},
        {"max_message": 17 << 20},
        {"timeout": 0},
        {"timeout": float("nan")},
    ],
)
def test_values_out_of_range_are_refused_by_name(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Channel("pings", messages=(Ping,), **values)


def test_what_cannot_be_a_channel_is_refused() -> None:
    other: type = dataclass(frozen=True)(type("Ping", (), {}))
    for name in ("", "Pings", "a b", "x" * 64):
        with pytest.raises(ValueError, match="not a channel name"):
            Channel(name, messages=(Ping,))
    for messages in ((), (int,), (Ping(1),), (Ping, other)):
        with pytest.raises(TypeError, match="channel 'pings'"):
            Channel("pings", messages=messages)  # type: ignore[arg-type]  # the mistakes
    with pytest.raises(TypeError, match="nobody sends to has no channel: derive it from Actor"):
        Channel("pings", messages=())


def test_one_message_type_is_a_tuple_of_one() -> None:
    with pytest.raises(TypeError, match=r"channel 'pings': messages is a tuple of types; write messages=\(Ping,\)"):
        Channel("pings", messages=Ping)  # type: ignore[call-overload]  # the mistake


def test_a_message_is_frozen() -> None:
    @dataclass
    class Open:
        number: int

    with pytest.raises(TypeError, match=r"channel 'pings': Open is not frozen; .*@dataclass\(frozen=True\)"):
        Channel("pings", messages=(Ping, Open))


@pytest.mark.parametrize(
    "kind", [object, complex, Callable[[], int], list[asyncio.Event], dict[str, object], Ping | Pong]
)
def test_a_field_that_cannot_travel_is_refused_where_the_channel_is_made(kind: Any) -> None:
    note = dataclasses.make_dataclass("Note", [("fine", int), ("odd", kind)], frozen=True)
    with pytest.raises(TypeError, match="channel 'pings': Note cannot travel: field 'odd': "):
        Channel("pings", messages=(note,))


def test_an_answer_that_cannot_travel_is_refused_where_the_channel_of_its_request_is_made() -> None:
    @dataclass(frozen=True)
    class Wait(Request[asyncio.Event]):
        number: int

    @dataclass(frozen=True)
    class Either(Request[Ping | dict[str, int]]):
        """Two maps, of which one is told apart by its number where it is declared."""

    with pytest.raises(TypeError, match="channel 'pings': the answer to Wait cannot travel: Event has no encoding"):
        Channel("pings", messages=(Wait,))
    with pytest.raises(TypeError, match="channel 'pings': the answer to Either cannot travel"):
        Channel("pings", messages=(Either,))
    Channel("pings", messages=(Either, Ping))


def test_a_field_of_a_class_inside_a_function_is_no_reason_to_refuse_a_channel() -> None:
    @dataclass(frozen=True)
    class Inside:
        number: int

    @dataclass(frozen=True)
    class Note:
        inside: Inside

    assert Channel("notes", messages=(Note,)).messages == (Note,)


def test_a_channel_may_declare_facts_of_its_own_bus_which_do_not_travel() -> None:
    assert Channel("letters", messages=(DeadLetter, Terminated)).types == {DeadLetter, Terminated}


def test_what_is_idempotent_is_one_of_the_messages() -> None:
    @dataclass(frozen=True)
    class Get:
        height: int

    @dataclass(frozen=True)
    class Put:
        height: int

    assert Channel("blocks", messages=(Get, Put), idempotent=(Get,)).idempotent == {Get}
    with pytest.raises(ValueError, match="not one of its messages"):
        Channel("blocks", messages=(Get,), idempotent=(Put,))
