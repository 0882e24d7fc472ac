"""The JSON bodies of the admin API: each is read as what its route takes, or refused as malformed, in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from peerbus.actors import Channel, Message
from peerbus.node.views import NodeViews
from peerbus.operate.admin import ROUTES, read_body, read_send
from peerbus.operate.api import ApiError, as_json

#: Bytes that a body is cut at: a larger one is refused before it is read.
LONGEST = 64 * 1024


@dataclass(frozen=True)
class Part:
    number: int
    data: bytes


class Everything(Message):
    """A message with fields of each kind."""

    flag: bool
    count: int
    share: float
    text: str
    data: bytes
    some: list[int]
    named: dict[str, float]
    part: Part
    maybe: str | None = None


@dataclass
class _Bus:
    channels: dict[str, Channel[Any]]


@dataclass
class _Node:
    bus: _Bus


NODE = cast("NodeViews", _Node(_Bus({"blocks": Channel("blocks", messages=(Everything,))})))
#: What reads a body: those of levers, and that of a send.
READERS: tuple[Callable[[bytes], object], ...] = (
    *(lambda body, kind=kind: read_body(body, kind) for kind in {route.body for route in ROUTES if route.body}),
    lambda body: read_send(NODE, body),
)


def check(data: bytes) -> None:
    """Every reader gets every body. What is read is written as JSON that is read again as the same."""
    for read in READERS:
        try:
            value = read(data[:LONGEST])
        except ApiError as error:
            assert error.status in (400, 404), error
            assert error.failure.text
            assert len(as_json(error.failure)) < 2_000, "a refusal quotes what it refuses, and not all of it"
            continue
        if isinstance(value, msgspec.Struct):
            assert as_json(read(as_json(value))) == as_json(value)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Bodies of each kind."""
    yield "empty", b""
    yield "ban", b'{"seconds": 600.0, "reason": "loud"}'
    yield "dial", b'{"to": "tcp://127.0.0.1:7400"}'
    yield "drain", b'{"within": 1e-3}'
    yield "score", b'{"score": -50}'
    fields = (
        '"flag": true, "count": 7, "share": 0.5, "text": "\\u00e9", "data": "AAE=", "some": [1, 2], '
        '"named": {"a": 1.5}, "part": {"number": 1, "data": ""}, "maybe": null'
    )
    for to in ("bus://local/blocks", "bus://role:archive/blocks?pick=all", "bus://role:archive/other"):
        body = f'{{"to": "{to}", "type": "Everything", "message": {{{fields}}}, "timeout": 2.5, "wait_for_peer": true}}'
        yield to.rpartition("/")[2].partition("?")[0] + str(len(to)), body.encode()
    yield "deep", b'{"to": "bus://local/blocks", "type": "Everything", "message": ' + b'{"a":' * 200 + b"1" + b"}" * 201
