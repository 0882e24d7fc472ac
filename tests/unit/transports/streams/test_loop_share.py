"""What streams share on one event loop is that loop's alone, and goes with it."""

from __future__ import annotations

import asyncio
import gc
import weakref

from peerbus.transports.streams.loop_share import share_of
from peerbus.transports.streams.transport import MAX_CHUNK


def test_each_loop_has_one_share_and_no_other_has_it() -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        assert share_of(first) is share_of(first)
        assert share_of(first) is not share_of(second)
        assert len(share_of(first).place) == MAX_CHUNK
        assert share_of(first).turns is not share_of(second).turns
    finally:
        first.close()
        second.close()


def test_a_share_is_gone_when_its_loop_is() -> None:
    loop = asyncio.new_event_loop()
    turns = share_of(loop).turns
    turns.left = 7
    gone = weakref.ref(loop)
    loop.close()
    del loop
    gc.collect()
    assert gone() is None
