"""What a NATS server says, and what a relay makes of a flow: events or an error, the same however it is cut."""

from __future__ import annotations

from collections.abc import Iterator

from peerbus.actors.base import StreamBroken
from peerbus.transports.nats.client_protocol import MAX_MESSAGE, Delivery, ServerReader
from peerbus.transports.nats.subjects import Subjects
from peerbus.transports.streams.relay_flow import CREDIT, DATA, END, FlowIn, FlowOut

WINDOW = 4096
SUBJECTS = Subjects("fuzz")


def check(data: bytes) -> None:
    """The first byte says how the rest is cut."""
    size, data = (data[0] if data else 0) + 1, data[1:]
    whole = read([data])
    assert whole == read([data[at : at + size] for at in range(0, len(data), size)])
    flow, taken = FlowIn(WINDOW), 0
    for event in whole[0]:
        if isinstance(event, Delivery):
            assert len(event.data) <= MAX_MESSAGE
            SUBJECTS.is_session(event.reply)
            try:
                kind, body = flow.message(event.data)
            except StreamBroken:
                break
            taken += len(body) if kind == DATA else 0
            assert taken <= WINDOW


def read(chunks: list[bytes]) -> tuple[list[object], str | None]:
    """The events, and what ended them."""
    reader = ServerReader()
    events: list[object] = []
    for chunk in chunks:
        try:
            events += reader.feed(chunk)
        except StreamBroken as error:
            return events, str(error)
    return events, None


def seeds() -> Iterator[tuple[str, bytes]]:
    """A session from the server's greeting to the end of a stream."""
    out = FlowOut(100)
    out.granted(100)
    out.put(b"some bytes")
    messages = [b"".join(parts) for parts in out.data()]
    messages += [out.grant(10), out.head(END), bytes([CREDIT, 0, 0, 0, 0])]
    here = SUBJECTS.session("a" * 32, 1)
    said = b"".join(b"MSG %b 1 %b %d\r\n%b\r\n" % (here, here, len(each), each) for each in messages)
    info = b'INFO {"version":"2.10.0","max_payload":1048576,"headers":true}\r\n'
    yield "session", b"\x07" + info + b"PONG\r\n" + said
    yield "nobody", b"\xff" + b"HMSG %b 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n" % here
    yield "refused", b"\x00-ERR 'Authorization Violation'\r\n"
