"""Who stands between the event loop and a stream while a place is filled hands on all but the bytes."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

from peerbus.transports.streams.filling import FillingProtocol


def test_bytes_go_to_the_place_until_it_is_full_and_all_else_to_the_stream() -> None:
    told: list[object] = []
    stream, place = Mock(spec=asyncio.Protocol), bytearray(10)
    filling = FillingProtocol(stream, memoryview(place), told.append, lambda: told.append("full"))
    filling.get_buffer(-1)[:4] = b"four"
    filling.buffer_updated(4)
    filling.get_buffer(65536)[:] = b"sixsix"
    filling.buffer_updated(6)
    assert (bytes(place), told) == (b"foursixsix", [4, "full", 6])
    error = OSError("gone")
    stream.eof_received.return_value = False
    assert filling.eof_received() is False
    filling.pause_writing()
    filling.resume_writing()
    filling.connection_lost(error)
    stream.connection_lost.assert_called_once_with(error)
    assert (stream.pause_writing.call_count, stream.resume_writing.call_count) == (1, 1)
