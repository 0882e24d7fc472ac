"""Whoever stands between the event loop and a stream while a place is filled hands on all but the bytes."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

from peerbus.transports.streams.filling import PEEK, PEEKS, FillingProtocol


def test_bytes_go_to_the_place_until_it_is_full_and_then_a_few_at_a_time_to_the_stream() -> None:
    told: list[object] = []
    stream, place, next_place = Mock(spec=asyncio.Protocol), bytearray(10), bytearray(3)
    filling = FillingProtocol(stream, lambda: told.append("over"))
    stream.data_received.side_effect = told.append

    def arrive(data: bytes) -> None:
        filling.get_buffer(-1)[: len(data)] = data
        filling.buffer_updated(len(data))

    filling.fill(memoryview(place), told.append)
    arrive(b"four")
    arrive(b"sixsix")
    assert (bytes(place), told) == (b"foursixsix", [4, 6])
    assert len(filling.get_buffer(65536)) == PEEK
    arrive(b"head")
    filling.fill(memoryview(next_place), told.append)
    arrive(b"end")
    assert (bytes(next_place), told[2:]) == (b"end", [b"head", 3])
    del told[:]
    for _ in range(PEEKS):
        arrive(b"small")
    assert told == [b"small"] * PEEKS + ["over"]


def test_all_else_is_the_streams() -> None:
    stream = Mock(spec=asyncio.Protocol)
    filling, error = FillingProtocol(stream, lambda: None), OSError("gone")
    stream.eof_received.return_value = False
    assert filling.eof_received() is False
    filling.pause_writing()
    filling.resume_writing()
    filling.connection_lost(error)
    stream.connection_lost.assert_called_once_with(error)
    assert (stream.pause_writing.call_count, stream.resume_writing.call_count) == (1, 1)
