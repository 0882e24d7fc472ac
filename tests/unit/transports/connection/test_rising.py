"""A connection enters the table when what the peer declares is known, or something else says that it is time."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Any, cast

from virtual_time import in_virtual_time

from peerbus.transports.connection.descriptions import Descriptions
from peerbus.transports.connection.frame_reader import FrameReader
from peerbus.transports.connection.rising import DESCRIBED_WITHIN, Rising
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.wire.frames import Ask, Tell


class Parts:
    """What stands around it: a reader that keeps its takers, a receiving side that keeps frames, and descriptions."""

    def __init__(self, *, awaited: bool) -> None:
        self.pending = awaited
        self.takers: dict[type, Any] = {}
        self.came: list[object] = []
        self.story: list[str] = []
        self.told = self.told_large = self.asked = self.came.append
        self.arrived: Any = None
        self.rising = Rising(
            cast("FrameReader", self),
            cast("ReceiveSide", self),
            cast("Descriptions", self),
            enter=lambda: self.story.append("entered"),
            changed=lambda: self.story.append("changed"),
        )
        self.rising.begin(asyncio.get_running_loop(), copy_context())

    def look(self) -> None:
        self.story.append("looked")

    def end(self) -> None:
        self.story.append("ended")

    def take(self, takers: dict[type, Any]) -> None:
        self.takers.update(takers)


@in_virtual_time
async def test_it_enters_at_once_where_nothing_is_awaited() -> None:
    parts = Parts(awaited=False)
    assert parts.story == ["looked", "entered"]
    assert parts.takers == {}
    parts.arrived()
    parts.rising.rise()
    assert parts.story == ["looked", "entered", "changed"]


@in_virtual_time
async def test_it_enters_when_the_last_description_is_there() -> None:
    parts = Parts(awaited=True)
    parts.arrived()
    assert parts.story == ["looked"]
    parts.pending = False
    parts.arrived()
    parts.arrived()
    assert parts.story == ["looked", "entered", "changed"]


@in_virtual_time
async def test_it_enters_before_the_first_message_of_the_peer() -> None:
    for frame in (Tell(0, []), Ask(0, [])):
        parts = Parts(awaited=True)
        before = parts.takers[type(frame)]
        before(frame)
        assert parts.story == ["looked", "entered"]
        assert parts.takers[type(frame)] == parts.told
        before(frame)
        assert parts.came == [frame, frame]
        parts.rising.end()


@in_virtual_time
async def test_it_enters_after_some_seconds_and_once() -> None:
    parts = Parts(awaited=True)
    await asyncio.sleep(DESCRIBED_WITHIN + 1)
    assert parts.story == ["looked", "entered"]
    parts.rising.rise()
    parts.arrived()
    assert parts.story == ["looked", "entered", "changed"]
    parts.rising.end()
    assert parts.story[-1] == "ended"
