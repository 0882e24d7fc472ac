"""What a message names as its answer, where that comes in items."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import Channel, Message, Reactor, Request, Stream, handles
from peerbus.actors.messages.request import UNNAMED
from peerbus.actors.messages.stream import item_of, travels_as


class Bare:
    pass


def test_the_items_of_a_stream_travel_and_not_the_stream() -> None:
    assert item_of(Stream[int]) is int
    assert item_of(Stream) is Any
    assert item_of(int) is None
    assert travels_as(Stream[int]) is int
    assert travels_as(Stream) is UNNAMED
    assert travels_as(list[int]) == list[int]


def test_items_that_cannot_travel_are_refused_with_their_channel() -> None:
    class Get(Message, Request[Stream[Bare]]):
        pass

    with pytest.raises(TypeError, match="the answer to Get cannot travel"):
        Channel("store", messages=(Get,))


def test_a_handler_that_yields_something_else_is_refused_with_its_class() -> None:
    class Get(Message, Request[Stream[int]]):
        pass

    with pytest.raises(TypeError, match="returns int, and the answer to Get is Stream"):

        class One(Reactor):
            channel = Channel("one", messages=(Get,))

            @handles(Get)  # type: ignore[arg-type]  # what this is about
            def one(self, _: Get) -> int:
                return 1
