"""Of a name server's answer the first records are read, whatever else stands in it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

import dns.exception
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.dns.question import MOST, Asker, Question
from peerbus.discovery.dns.short_answers import MOST_DATA, MOST_LABELS, MOST_RECORDS, ShortSocket, shortened
from peerbus.transports.streams.names import Names

A, CNAME, TXT, SRV = 1, 5, 16, 33
#: What a record's name may be, where it is the one that is asked for.
ASKED = b"\xc0\x0c"
SHORT, LONG = b"\x05peers\x07example\0", b"\x01a" * 120 + b"\0"


def record(kind: int, data: bytes, name: bytes = ASKED, kept_in: int = 1) -> bytes:
    return name + struct.pack(">HHIH", kind, kept_in, 5, len(data)) + data


def message(kind: int, answers: Sequence[bytes], more: Sequence[bytes] = (), name: bytes = SHORT) -> bytes:
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, len(answers), 0, len(more))
    return head + name + struct.pack(">HH", kind, 1) + b"".join(answers) + b"".join(more)


def address(number: int) -> bytes:
    return struct.pack(">I", 0x0A000000 + number)


def records_in(wire: bytes) -> int:
    read = dns.message.from_wire(wire, one_rr_per_rrset=True)
    return len(read.answer) + len(read.authority) + len(read.additional)


def test_an_answer_of_some_records_is_read_as_it_is() -> None:
    services = [record(SRV, struct.pack(">HHH", 0, 0, 7400 + each) + b"\x05pod-%d" % each + ASKED) for each in range(9)]
    hosts = [record(A, address(each), b"\x05pod-%d" % each + ASKED) for each in range(9)]
    for wire in (message(SRV, services, hosts), message(A, []), message(CNAME, [record(CNAME, b"\x01b" + ASKED)])):
        assert shortened(wire) == wire


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (SHORT, lambda number: record(A, address(number))),
        (LONG, lambda number: record(A, address(number))),
        (LONG, lambda number: record(A, address(number), b"\x03%03x" % number + ASKED)),
        (LONG, lambda number: record(SRV, struct.pack(">HHH", 0, 0, number) + b"\x03%03x" % number + ASKED)),
        (LONG, lambda _: record(CNAME, ASKED)),
    ],
    ids=["many", "of one long name", "of long names", "that name long ones", "all the same"],
)
def test_of_many_records_the_first_are_read(name: bytes, made: Callable[[int], bytes]) -> None:
    wire = message(A, [made(number) for number in range(2500)], name=name)
    short = shortened(wire)
    found = records_in(short)
    assert 0 < found <= MOST_RECORDS
    assert short[12:] == wire[12 : len(short)]
    if name == LONG:
        assert found * 120 <= MOST_LABELS


@pytest.mark.parametrize("strange", [record(TXT, bytes(MOST_DATA + 1)), record(99, b"")], ids=["large", "unknown"])
def test_what_stands_behind_a_record_that_is_not_read_is_not_read(strange: bytes) -> None:
    first = record(A, address(1))
    assert shortened(message(A, [first, strange, first])) == message(A, [first])


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        bytes(11),
        message(A, [record(A, address(1), b"\xc0\xff")]),
        message(A, [record(A, address(1), b"\xc0\x1f")]),
        message(A, [record(A, address(1))])[:-1],
        struct.pack(">HHHHHH", 7, 0x8180, 2, 0, 0, 0) + 2 * (SHORT + bytes(4)),
    ],
    ids=["empty", "no head", "points ahead", "points at itself", "cut short", "two questions"],
)
def test_what_is_no_message_is_refused(wire: bytes) -> None:
    with pytest.raises(dns.exception.FormError):
        shortened(wire)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_whatever_comes_it_is_the_beginning_or_refused(noise: bytes, more: bytes) -> None:
    for wire in (noise, message(A, [record(A, address(1)), noise], [more])):
        with contextlib.suppress(dns.exception.FormError):
            short = shortened(wire)
            assert short[12:] == wire[12 : len(short)]


class Said:
    """A socket on which all is said already."""

    family = 2

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)

    async def sendto(self, what: bytes, destination: object, timeout: float | None) -> int:
        return len(what)

    async def recvfrom(self, size: int, timeout: float | None) -> tuple[bytes, object]:
        return self.said.pop(0), "somebody"

    async def recv(self, size: int, timeout: float | None) -> bytes:
        data = self.said.pop(0)
        if len(data) > size:
            self.said.insert(0, data[size:])
        return data[:size]

    async def close(self) -> None:
        self.said.clear()


async def test_a_datagram_that_is_no_answer_did_not_come() -> None:
    wire = message(A, [record(A, address(1))])
    made = ShortSocket(cast("Any", Said(b"", b"\0\7", b"\1" + wire[1:], wire)))
    await made.sendto(wire[:12], None, 1.0)
    assert await made.recvfrom(65535, 1.0) == (wire, "somebody")


async def test_a_message_that_comes_in_pieces_is_cut_too() -> None:
    wire = message(A, [record(A, address(number)) for number in range(1000)])
    said = struct.pack(">H", len(wire)) + wire
    made = ShortSocket(cast("Any", Said(said[:1], said[1:9], said[9:5000], said[5000:])))
    (size,) = struct.unpack(">H", await made.recv(2, 1.0))
    assert records_in(await made.recv(size, None)) == MOST_RECORDS
    with pytest.raises(EOFError):
        await ShortSocket(cast("Any", Said(said[:9], b""))).recv(2, 1.0)


async def test_of_an_answer_of_64_kib_the_first_places_are_found() -> None:
    """By TCP, as the server says that there is more than a datagram has."""

    class Cut(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(data[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + data[12:], addr)

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack(">H", await reader.readexactly(2))
        question = await reader.readexactly(size)
        found = [record(A, address(number)) for number in range(4000 if question[-3] == A else 0)]
        head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        wire = head + question[12:] + b"".join(found)
        writer.write(struct.pack(">H", len(wire)) + wire)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(tell, "127.0.0.1", 0)
    place = server.sockets[0].getsockname()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Cut, local_addr=place)
    try:
        answer = await Asker(Question("peers.example", "A", 7400, "tcp", place), Names(lambda _: [])).ask()
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
    assert [each.host for each in answer.places] == [f"10.0.0.{number}" for number in range(MOST)]
