"""Each frame of a peer has somebody who takes it."""

from __future__ import annotations

from typing import Any, get_args
from unittest.mock import MagicMock

from peerbus.transports.connection.takers import all_takers
from peerbus.transports.wire.frames import Frame, HelloFrame, Part, Reject, ViewedFrame, Welcome, ZeroCopyPart


def test_every_frame_that_may_come_on_an_open_connection_is_taken() -> None:
    part: Any = MagicMock()
    takers = all_takers(
        *[part] * 5,
        pinged=part,
        ponged=part,
        told_to_go=part,
        now=lambda: 0.0,
        bytes_in=int,
        bytes_out=int,
    )
    kinds = {*get_args(Frame), *get_args(ViewedFrame)} - {HelloFrame, Welcome, Reject, Part, ZeroCopyPart}
    assert set(takers) == kinds
