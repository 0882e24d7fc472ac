"""The task that waits for a stream says whether it takes more, in any case."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from peerbus.actors.base.errors import StreamBroken, StreamClosed
from peerbus.transports.lanes.stream_room import drained
from peerbus.transports.streams.transport import Stream


class Full:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def drain(self) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "takes"), [(None, True), (StreamBroken("gone"), False), (StreamClosed("over"), False)]
)
async def test_a_stream_that_takes_more_or_has_ended(error: Exception | None, takes: bool) -> None:
    heard: list[bool] = []
    await drained(cast("Stream", Full(error)), heard.append)
    assert heard == [takes]


async def test_who_waits_no_longer_hears_that_too() -> None:
    heard: list[bool] = []
    task = asyncio.create_task(drained(cast("Stream", Full()), heard.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == [False]
