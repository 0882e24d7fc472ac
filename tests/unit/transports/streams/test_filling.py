"""A place of a stream's reader: filled first, then a few small reads, then the stream reads as ever."""

from __future__ import annotations

from peerbus.transports.streams.filling import PEEKS, Filler


def test_a_place_is_filled_by_however_many_reads_and_each_is_told_of() -> None:
    told: list[int] = []
    filler, place = Filler(), bytearray(10)
    filler.fill(memoryview(place), told.append)
    for data in (b"four", b"sixsix"):
        assert filler.place is not None
        filler.place[: len(data)] = data
        filler.filled(len(data))
    assert (bytes(place), told) == (b"foursixsix", [4, 6])
    assert filler.place is None
    assert filler.peeks == PEEKS


def test_whoever_hears_of_the_last_bytes_may_have_another_place() -> None:
    filler, places = Filler(), [bytearray(3), bytearray(2)]

    def came(_size: int) -> None:
        if len(places) > 1 and filler.place is None:
            filler.fill(memoryview(places.pop()), came)

    filler.fill(memoryview(places[0]), came)
    filler.filled(3)
    assert filler.place is not None
    assert len(filler.place) == 2


def test_what_is_dropped_hears_of_nothing_more() -> None:
    told: list[int] = []
    filler = Filler()
    filler.fill(memoryview(bytearray(3)), told.append)
    filler.drop()
    assert filler.place is None
    assert not filler.peeks
    assert not told
