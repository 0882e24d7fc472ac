"""The admin API's HTTP: whatever comes to its socket is answered by a refusal or ends, and is never a defect."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator

from peerbus.operate.admin import ROUTES, RouteTable, split_target
from peerbus.operate.api import ApiAnswer, ApiRequest, Permission
from peerbus.operate.serving import Entrance, HttpRequest, HttpServer

#: Bytes of an input that are sent: less than a socket holds, so that nobody waits for anybody.
LONGEST = 32 * 1024
TOKEN = "token-of-sixteen-letters"  # noqa: S105  # nobody's
#: At a Unix socket, and at a port.
ENTRANCES = (
    Entrance(Permission.WRITE),
    Entrance(Permission.READ, TOKEN, frozenset({"localhost:7401"})),
)
#: With what it may answer: 500 is a defect.
STATUSES = {100, 200, 400, 401, 403, 404, 405, 413, 414, 421, 431, 501}
TABLE = RouteTable(ROUTES)


def check(data: bytes) -> None:
    """The first byte says at which entrance."""
    entrance, sent = ENTRANCES[data[0] % 2 if data else 0], data[1:LONGEST]
    answers = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", asyncio.run(serve(entrance, sent)))]
    assert STATUSES.issuperset(answers), answers
    # Each answer but the last, which is of what is no request, has a head that ended.
    assert sum(status != 100 for status in answers) <= sent.count(b"\n\n") + sent.count(b"\n\r\n") + 1


async def serve(entrance: Entrance, sent: bytes) -> bytes:
    """All that comes back for these bytes, until the connection has ended."""

    async def handle(received: HttpRequest) -> ApiAnswer:
        entrance.check(received.headers, Permission.READ)
        path, query = split_target(received.target)
        route, named = TABLE.find(received.verb, path)
        entrance.check(received.headers, route.needs)
        request = ApiRequest(received.verb, named, query, received.headers, await received.body())
        request.number("limit", 1, low=1, high=1000)
        return ApiAnswer.of({**named, **query})

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        await HttpServer(handle)._serve(ours, None)
        theirs.settimeout(5.0)
        found = b""
        try:
            while piece := theirs.recv(65_536):
                found += piece
        except ConnectionError:
            pass
        return found


def seeds() -> Iterator[tuple[str, bytes]]:
    """Requests of each kind."""
    head = b"Host: localhost:7401\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n"
    yield "look", b"\0GET /v1/actors?limit=7&after=a%20b HTTP/1.1\r\n" + head + b"\r\n"
    yield "by-a-port", b"\1GET /v1/node HTTP/1.1\r\n" + head + b"\r\n"
    yield "a-stranger", b"\1GET /v1/node HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n"
    yield "two-at-once", b"\0" + 2 * (b"GET /livez HTTP/1.1\r\n" + head + b"\r\n")
    body = b'{"to": "tcp://127.0.0.1:7400"}'
    yield "steer", b"\0POST /v1/dials HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = b"Transfer-Encoding: chunked\r\n\r\n1e;a=b\r\n" + body + b"\r\n0\r\nx: y\r\n\r\n"
    yield "in-chunks", b"\0PUT /v1/bans/10.1.0.0%2F16 HTTP/1.1\r\n" + head + chunks
    yield (
        "asked-to-go-on",
        b"\0POST /v1/tell HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + head + b"\r\n{}",
    )
    yield "old", b"\0GET /livez HTTP/1.0\r\n\r\n"
    yield "upgrade", b"\0GET /livez HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + head + b"\r\n"
    yield "tls", b"\1\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
