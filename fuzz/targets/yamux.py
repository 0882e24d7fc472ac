"""Frames of yamux: events or a ValueError, the same however they are cut; windows and streams keep their bounds."""

from __future__ import annotations

import random
from collections.abc import Iterator

from peerbus.transports.libp2p.yamux import (
    MAX_GRANTED,
    MAX_STREAMS,
    Yamux,
    YamuxArrived,
    YamuxEvent,
    YamuxGone,
    YamuxOpened,
    YamuxStream,
)
from peerbus.transports.libp2p.yamux_frames import HEADER, YamuxFlag, YamuxKind, header, unpack_header

WINDOW = 1024 * 1024
SYN, ACK, FIN, RST = YamuxFlag


def check(data: bytes) -> None:
    """The first byte says how the rest is cut; one stream is open from this side."""
    size, data = (data[0] if data else 0) + 1, data[1:]
    whole, fault = read([data])
    pieces, fault_again = read([data[at : at + size] for at in range(0, len(data), size)])
    assert fault == fault_again
    if fault is None:
        assert whole == pieces


def read(chunks: list[bytes]) -> tuple[list[tuple[object, ...]], str | None]:
    """What comes of the chunks, with the bytes of a stream joined where they stand behind each other."""
    side = Yamux(initiator=True, window=WINDOW)
    open_here = {side.open().id}
    side.take()
    events: list[YamuxEvent] = []
    fault = None
    held: dict[YamuxStream, int] = {}
    try:
        for chunk in chunks:
            for event in side.feed(chunk):
                events.append(event)
                look(event, held, open_here)
            # An answer to each header at most, and its reset.
            assert len(side.take()) <= HEADER * (len(chunk) // HEADER + 1)
    except ValueError as error:
        fault = str(error)
    return joined(events), fault


def look(event: YamuxEvent, held: dict[YamuxStream, int], open_here: set[int]) -> None:
    """Hold the event to what was granted."""
    if isinstance(event, YamuxOpened):
        assert event.stream.id % 2 == 0
        open_here.add(event.stream.id)
        assert len(open_here) <= MAX_STREAMS + 1
    elif isinstance(event, YamuxGone):
        open_here.discard(event.stream.id if event.stream is not None else 0)
    elif isinstance(event, YamuxArrived):
        held[event.stream] = held.get(event.stream, 0) + len(event.data)
        assert held[event.stream] <= event.stream.limit
    if not isinstance(event, YamuxGone):
        assert 0 <= event.stream.room <= MAX_GRANTED


def joined(events: list[YamuxEvent]) -> list[tuple[object, ...]]:
    """Events as values."""
    found: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, YamuxArrived):
            if found and found[-1][:2] == ("data", event.stream.id):
                last = found.pop()
                found.append((*last[:2], str(last[2]) + event.data.hex()))
            else:
                found.append(("data", event.stream.id, event.data.hex()))
        else:
            stream = event.stream
            found.append((type(event).__name__, None if stream is None else stream.id))
    return found


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each kind of frame, and what may not be."""
    data, window, ping, go_away = YamuxKind
    frames = {
        "data": header(data, 0, 1, 5) + b"hello",
        "opened": header(window, SYN, 2, 0) + header(data, 0, 2, 3) + b"abc" + header(data, FIN, 2, 0),
        "opened_with_data": header(data, SYN | FIN, 4, 1) + b"x",
        "grant": header(window, ACK, 1, 4096),
        "dropped": header(data, RST, 1, 0) + header(data, 0, 1, 2) + b"??",
        "ping": header(ping, SYN, 0, 7) + header(ping, ACK, 0, 7),
        "goes_away": header(go_away, 0, 0, 1),
        "too_much": header(data, 0, 1, 256 * 1024 + 1),
        "wrong_id": header(window, SYN, 3, 0),
        "many": b"".join(header(window, SYN, 2 * number + 2, 0) for number in range(MAX_STREAMS + 2)),
    }
    for name, frame in frames.items():
        yield name, b"\xff" + frame
    yield "all", b"\x06" + b"".join(frames.values())


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one field of one header, so that it stays a header."""
    rng = random.Random(seed)
    places = range(1, max(2, len(data) - HEADER + 1), HEADER)
    at = rng.choice(places)
    if len(data) < at + HEADER:
        return data + header(
            rng.randrange(5), rng.randrange(16), rng.randrange(6), rng.choice((0, 1, 1 << 18, 1 << 31))
        )
    version, kind, flags, number, length = unpack_header(data, at)
    kind, flags = rng.choice((kind, rng.randrange(5))), rng.choice((flags, rng.randrange(16)))
    number, length = rng.choice((number, rng.randrange(6))), rng.choice((length, 0, 1, 1 << 18, (1 << 32) - 1))
    changed = header(kind, flags, number, length)
    return data[:at] + bytes([version]) + changed[1:] + data[at + HEADER :]
