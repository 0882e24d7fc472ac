"""The client protocol of NATS, read and written: no socket, no clock (docs.nats.io, NATS Client Protocol)."""

# Law 1. The server is not trusted: whatever it sends is an event, or a BrokenProtocol, and nothing is kept before its
#        size is known to be within bounds.
# Law 2. What arrives in many pieces is joined once.

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from ...actors.base import StreamBroken

__all__ = [
    "PING",
    "PONG",
    "BrokenProtocol",
    "Delivery",
    "Event",
    "ServerError",
    "ServerInfo",
    "ServerReader",
    "ServerWord",
    "connect",
    "publish",
    "subscribe",
    "unsubscribe",
]

#: Bytes of one line: INFO names all servers of a cluster.
MAX_LINE: Final = 64 * 1024
#: Bytes of one message with its headers: four times of what a node sends.
MAX_MESSAGE: Final = 256 * 1024

PING: Final = b"PING\r\n"
PONG: Final = b"PONG\r\n"

_STATUS = re.compile(rb"NATS/1\.\d ([0-9]{3})")


class BrokenProtocol(StreamBroken):
    """The server does not speak the protocol."""


class ServerInfo(msgspec.Struct, frozen=True):
    """INFO: what the server says of itself, as much of it as matters here."""

    server_name: str = ""
    version: str = ""
    #: Bytes that one message may have.
    max_payload: int = 0
    headers: bool = False
    auth_required: bool = False
    tls_required: bool = False
    tls_available: bool = False
    #: It goes soon ("lame duck"): it lets nobody in, and hangs up after a while.
    ldm: bool = False
    #: To be signed, where nodes show keys.
    nonce: str = ""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """MSG or HMSG: a message for a subscription. `status`: of its headers, 503 where nobody listens; 0 for none."""

    subject: bytes
    subscription: int
    reply: bytes
    status: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ServerError:
    """-ERR: what the server does not like; most end the connection."""

    text: str


@dataclass(frozen=True, slots=True)
class ServerWord:
    """A line that says nothing more: PING, PONG or +OK."""

    name: str


Event = ServerInfo | Delivery | ServerError | ServerWord


class ServerReader:
    """Makes events of a server's bytes. Raises BrokenProtocol, and then for ever."""

    __slots__ = ("_broken", "_have", "_need", "_parts")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._have = 0
        #: Nothing can be read of less than these.
        self._need = 1
        self._broken = ""

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that are complete with these bytes; to be taken, all of them, before the next call."""
        if self._broken:
            raise BrokenProtocol(self._broken)
        if self._parts:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return
            data = b"".join(self._parts)
            self._parts = []
        at = 0
        try:
            while at < len(data):
                event, end = self._read(data, at)
                if event is None:
                    self._need = end - at
                    self._have = len(data) - at
                    self._parts = [data[at:]]
                    return
                at = end
                yield event
        except BrokenProtocol as error:
            self._broken = str(error)
            raise

    def _read(self, data: bytes, at: int) -> tuple[Event | None, int]:
        """The event at a place and where the next one begins; or None, and up to where bytes are wanted."""
        eol = data.find(b"\r\n", at, at + MAX_LINE)
        if eol < 0:
            if len(data) - at >= MAX_LINE:
                raise BrokenProtocol(f"a line of more than {MAX_LINE} bytes")
            return None, len(data) + 1
        if data.startswith(b"MSG ", at):
            return _delivery(data, eol + 2, data[at + 4 : eol].split(), headers=False)
        verb, _, rest = data[at:eol].partition(b" ")
        if verb in (b"MSG", b"HMSG"):
            return _delivery(data, eol + 2, rest.split(), headers=verb == b"HMSG")
        return _line(verb, rest), eol + 2


def _delivery(data: bytes, at: int, words: Sequence[bytes], *, headers: bool) -> tuple[Event | None, int]:
    sizes = 2 if headers else 1
    if not sizes + 2 <= len(words) <= sizes + 3:
        raise BrokenProtocol(f"a message with {len(words)} fields")
    number, total = _number(words[1]), _number(words[-1])
    head = _number(words[-2]) if headers else 0
    if total > MAX_MESSAGE or head > total:
        raise BrokenProtocol(f"a message of {total} bytes, {head} of them headers; at most {MAX_MESSAGE} are taken")
    end = at + total + 2
    if len(data) < end:
        return None, end
    if data[end - 2 : end] != b"\r\n":
        raise BrokenProtocol("a message that does not end with its line")
    reply = words[2] if len(words) == sizes + 3 else b""
    found = _STATUS.match(data, at, at + head) if head else None
    status = int(found[1]) if found is not None else 0
    return Delivery(words[0], number, reply, status, data[at + head : end - 2]), end


def _line(verb: bytes, rest: bytes) -> Event:
    match verb:
        case b"INFO":
            try:
                return msgspec.json.decode(rest, type=ServerInfo)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BrokenProtocol(f"INFO that is none: {error}") from None
        case b"-ERR":
            return ServerError(rest.decode("utf-8", "replace").strip().strip("'"))
        case b"PING" | b"PONG" | b"+OK":
            return ServerWord(verb.decode())
    raise BrokenProtocol(f"it says {verb[:16]!r}, which is nothing that a NATS server says")


def _number(text: bytes) -> int:
    if not (text.isdigit() and len(text) <= 10):
        raise BrokenProtocol(f"{text[:16]!r} in place of a number")
    return int(text)


# What a client says. Subjects are the caller's to check: see `subjects`.


def connect(options: dict[str, object]) -> bytes:
    """CONNECT: who this is, and how it speaks."""
    return b"CONNECT " + msgspec.json.encode(options) + b"\r\n"


def publish(subject: bytes, reply: bytes, parts: Sequence[bytes | memoryview]) -> bytes:
    """PUB: the parts, as one message; `reply` hears of it where nobody listens, b"" for nobody."""
    size = sum(map(len, parts))
    head = b"PUB %b %b %d\r\n" % (subject, reply, size) if reply else b"PUB %b %d\r\n" % (subject, size)
    return b"".join((head, *parts, b"\r\n"))


def subscribe(subject: bytes, number: int) -> bytes:
    """SUB: deliver what is published there, from now on."""
    return b"SUB %b %d\r\n" % (subject, number)


def unsubscribe(number: int) -> bytes:
    """UNSUB: deliver no more."""
    return b"UNSUB %d\r\n" % number
