"""What a connection says of its path at its end."""

from __future__ import annotations

from typing import cast

import pytest

from peerbus.transports.connection.path_watch import PathWatch
from peerbus.transports.streams.path_size import NARROW
from peerbus.transports.streams.transport import Stream


class Path:
    """A stream as far as its path is looked at."""

    def __init__(self) -> None:
        self.looks = True
        self.told = 0

    def looks_narrow(self) -> bool:
        return self.looks

    def too_wide(self) -> bool:
        return False

    async def apart(self) -> None:
        """Nothing is written."""

    def narrow(self) -> None:
        self.told += 1


@pytest.mark.parametrize(("reason", "told"), [("silent", 1), ("broken", 1), ("closed", 1), ("operator", 0)])
def test_an_end_that_the_path_may_have_made_says_so(reason: str, told: int) -> None:
    path = Path()
    watch = PathWatch(cast("Stream", path))
    assert watch.ended(reason, "text") == "text"
    watch.look()
    text = watch.ended(reason, "text")
    assert (text, watch.narrow, path.told) == (f"text; {NARROW}" if told else "text", bool(told), told)


def test_what_has_come_through_since_is_no_reason_and_a_stream_without_a_path_has_none() -> None:
    path = Path()
    watch = PathWatch(cast("Stream", path))
    watch.look()
    path.looks = False
    watch.look()
    assert (watch.ended("silent", "text"), path.told) == ("text", 0)
    other = PathWatch(cast("Stream", object()))
    other.look()
    assert other.ended("silent", "text") == "text"
