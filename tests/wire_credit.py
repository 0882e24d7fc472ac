"""Vectors of credit, and of streams: the types of their asks, their credit at both ends, two of them frame by frame."""

from __future__ import annotations

import re
from typing import Any

import msgpack

from peerbus.actors.base import ProtocolError
from peerbus.actors.streams import ItemCredit, ItemWindow
from peerbus.transports.lanes.credit import SendWindow
from peerbus.transports.wire import (
    Ask,
    EndFrame,
    Frame,
    FrameEncoder,
    GrantFrame,
    ItemsFrame,
    Reply,
    ask_lane,
    flags_of,
    reply_lane,
    window_in,
)

__all__ = ["credit", "streams", "streams_block"]

#: The type itself, items and bytes of the first credit, and whether items go with the ask.
TYPES = [(1, 1024, 1 << 20, False), (1, 1024, 1 << 20, True), (64, 1, 1, False), (3, 1 << 30, 1 << 30, True)]
GET_BLOCK = msgpack.packb({"height": 7})


def credit() -> dict[str, object]:
    """A window of 4 messages and 100 bytes: what a sender tries, and what it is granted."""
    window, steps = SendWindow(4, 100), []
    for action, *numbers in (
        ("send", 40),
        ("send", 70),
        ("send", 1),
        ("grant", 1, 40),
        ("send", 10),
        ("send", 200),
        ("send", 1),
        ("grant", 3, 81),
        ("send", 100),
        ("send", 1),
        ("send", 0),
    ):
        ok = True
        if action == "send":
            ok = window.take(numbers[0])
        else:
            window.grant(*numbers)
        steps.append({"do": action, "with": numbers, "done": ok, "messages": window.messages, "bytes": window.bytes})
    try:
        window.grant(4, 0)
    except ProtocolError as error:
        steps.append({"do": "grant", "with": [4, 0], "refused": error.reason})
    return {"messages": 4, "bytes": 100, "steps": steps}


def _types() -> list[dict[str, Any]]:
    found = []
    for number, items, size, opened in TYPES:
        made = number | flags_of(items, size, opened=opened)
        assert window_in(made) == (items, size)
        found.append({"number": number, "items": items, "bytes": size, "with_items": opened, "type": made})
    return found


def _sender() -> list[dict[str, Any]]:
    credit, steps = ItemCredit(), []
    for action, *numbers in (
        ("send", 1),
        ("grant", 2, 10),
        ("send", 4),
        ("send", 100),
        ("send", 0),
        ("grant", 1, 94),
        ("send", 0),
        ("grant", 0, 1),
        ("send", 0),
        ("grant", 3, 0),
        ("send", 7),
    ):
        done = True
        if action == "grant":
            credit.grant(*numbers)
        elif done := credit.ready:
            credit.take(numbers[0])
        steps.append({"do": action, "with": numbers, "done": done, "items": credit.items, "bytes": credit.bytes})
    try:
        credit.grant((1 << 31) - 1, 0)
    except ProtocolError as error:
        steps.append({"do": "grant", "with": [(1 << 31) - 1, 0], "refused": error.reason})
    return steps


def _reader() -> list[dict[str, Any]]:
    window, steps = ItemWindow(), []
    for action, items, size in (
        ("come", 300, 10),
        ("take", 255, 10),
        ("take", 1, 10),
        ("come", 1, 300_000),
        ("take", 44, 10),
        ("take", 1, 300_000),
    ):
        step: dict[str, Any] = {"do": action, "items": items, "size": size}
        if action == "come":
            window.receive(items, items * size, size)
        else:
            due = None
            for _ in range(items):
                due = window.take(1, size) or due
            step["granted"] = due
        steps.append(step)
    return steps


def _refused() -> list[dict[str, Any]]:
    """Of a reader that has granted 1,024 items and 1 MiB: what ends the connection."""
    found = []
    for why, batches, count in (
        ("an item more", [(1024, 1), (1, 1)], None),
        ("an item behind the one that took the last byte", [(1, 1 << 20), (1, 0)], None),
        ("items of which the last but one took the last byte", [(2, 1 << 20)], None),
        ("an END of more items than came", [(3, 1)], 4),
        ("an END of fewer", [(3, 1)], 2),
    ):
        window = ItemWindow()
        try:
            for items, size in batches:
                window.receive(items, items * size, size)
            window.ended(count if count is not None else window.received)
        except ProtocolError as error:
            found.append({"why": why, "batches": batches, "count": count, "word": error.reason})
            continue
        raise AssertionError(f"{why}: a reader takes it")
    return found


def _frames() -> dict[str, list[dict[str, str]]]:
    def block(height: int) -> bytes:
        return msgpack.packb({"height": height, "data": b"hi"})

    down, up = reply_lane(0), ask_lane(0)
    read: list[tuple[str, str, Frame]] = [
        (
            "asker",
            "a stream, of 1,024 items or 1 MiB at first",
            Ask(0, [(1, 5000, _types()[0]["type"], 0, GET_BLOCK)]),
        ),
        ("asked", "two blocks, of type 2", ItemsFrame(down, 1, 2, [block(7), block(8)])),
        ("asker", "256 were taken", GrantFrame(down, 1, 256, 8192)),
        ("asked", "that was all: two items", EndFrame(down, 1, 2)),
    ]
    sent: list[tuple[str, str, Frame]] = [
        ("asker", "items are to go with it", Ask(0, [(2, 5000, _types()[1]["type"], 0, GET_BLOCK)])),
        ("asked", "its handler begins to read", GrantFrame(up, 2, 1024, 1 << 20)),
        ("asker", "one block", ItemsFrame(up, 2, 2, [block(7)])),
        ("asker", "no more go", EndFrame(up, 2, 1)),
        ("asked", "the answer, a plain value", Reply(0, [(2, 0, msgpack.packb("stored"))])),
    ]
    encode = FrameEncoder().encode
    return {
        name: [{"from": side, "what": what, "frame": encode(frame).hex()} for side, what, frame in frames]
        for name, frames in (("answer_in_items", read), ("items_with_an_ask", sent))
    }


def streams() -> dict[str, Any]:
    """All of them."""
    return {
        "types": _types(),
        "sender": _sender(),
        "reader": {"window": {"items": 1024, "bytes": 1 << 20}, "steps": _reader(), "refused": _refused()},
        "frames": _frames(),
    }


def streams_block() -> str:
    """The tables of docs/wire.md."""
    rows = ["| `type` of the ASK | the type | items, bytes at first | items go with it |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{each['type']:#010x}` | {each['number']} | {each['items']:,}, {each['bytes']:,} | "
        f"{'yes' if each['with_items'] else 'no'} |"
        for each in _types()
    ]
    for title, frames in (
        ("An answer in items:", "answer_in_items"),
        ("Items that go with an ask:", "items_with_an_ask"),
    ):
        rows += ["", title, "", "| from | frame | |", "| --- | --- | --- |"]
        rows += [
            f"| {each['from']} | `{' '.join(re.findall('..', each['frame']))}` | {each['what']} |"
            for each in _frames()[frames]
        ]
    return "\n".join(rows) + "\n"
