"""Events of a node's stream, as its client reads them: bytes of whoever sits at the socket."""

from __future__ import annotations

from collections.abc import Iterator

from peerbus.operate.client.event_parser import LARGEST, EventParser, SentEvent


def check(data: bytes) -> None:
    """One stream: it reads the same whole and in pieces, and no event is too large."""
    cut = data[0] % 7 + 1 if data else 1
    whole, pieces = EventParser(), EventParser()
    in_pieces: list[SentEvent] = []
    try:
        at_once = whole.feed(data)
        for start in range(0, len(data), cut):
            in_pieces += pieces.feed(data[start : start + cut])
    except ValueError:
        assert len(data) > LARGEST
        return
    assert in_pieces == at_once
    assert (whole.last_id, whole.retry) == (pieces.last_id, pieces.retry)
    assert all(len(event.data) <= LARGEST for event in at_once)


def seeds() -> Iterator[tuple[str, bytes]]:
    """What a node sends, and other forms of the same that the standard allows."""
    yield "honest", b'retry: 1000\n\nid: 7\nevent: PeerUp\ndata: {"number":7}\n\n: alive\n\n'
    yield "missed", b'event: missed\ndata: {"missed":7}\n\n'
    yield "other_ends", b"data: a\r\ndata: b\r\r\nid\r\n\r\n"
    yield "marked", b"\xef\xbb\xbfdata:x\n\nunknown: y\nretry: no\n\n"
    yield "no_text", b"data: \xff\xfe\x00\nid: a\x00b\n\n"
