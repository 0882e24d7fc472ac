"""Vectors of what one description can send to another one, and ask of it, judged by the code that runs."""

from __future__ import annotations

from typing import Any

import msgspec

from peerbus.transports.schema import compare, read_description

__all__ = ["verdicts"]

_GET: list[Any] = ["map", "Get", None, False, [["height", 0, "int"]]]
_BLOCK: list[Any] = ["map", "Block", None, False, [["height", 0, "int"]]]


def _blocks(answer: Any, *comes: str, item: list[Any] = _BLOCK, get: list[Any] = _GET) -> list[Any]:
    return [1, [get, item], [["Get", 0, answer, *comes], ["Block", 1, None]]]


def _with(definition: list[Any], *fields: list[Any]) -> list[Any]:
    return [*definition[:4], [*definition[4], *fields]]


_CASES: list[tuple[str, list[Any], list[Any]]] = [
    ("the same", _blocks(1, "once"), _blocks(1, "once")),
    ("a field more, with a default", _blocks(1, "once"), _blocks(1, "once", get=_with(_GET, ["side", 1, "str"]))),
    ("a field more, required", _blocks(1, "once"), _blocks(1, "once", get=_with(_GET, ["side", 0, "str"]))),
    ("an answer that lacks a field", _blocks(1, "once", item=_with(_BLOCK, ["data", 0, "bytes"])), _blocks(1, "once")),
    ("an answer at once became a stream", _blocks(1, "once"), _blocks(1, "items")),
    ("a stream became an answer at once", _blocks(1, "items"), _blocks(1, "once")),
    ("a stream of a type that is not said", _blocks(None, "items"), _blocks(1, "once")),
    ("a peer of 0.2.0 does not say how answers come", _blocks(1, "items"), _blocks(1)),
    ("how a later version may answer", _blocks(1, "items"), _blocks(1, "later")),
    ("items that became wider", _blocks("int", "items"), _blocks("float", "items")),
    ("items that became narrower", _blocks("float", "items"), _blocks("int", "items")),
]


def verdicts() -> list[dict[str, Any]]:
    """Of each pair of descriptions: the numbers of what is told, and what of that is asked."""
    found = []
    for why, ours, theirs in _CASES:
        one, other = (read_description(msgspec.msgpack.encode(each)) for each in (ours, theirs))
        said = compare(one, other)
        asked = sorted(name for name in said.numbers if name not in said.unread)
        found.append({"why": why, "ours": ours, "theirs": theirs, "told": dict(said.numbers), "asked": asked})
    return found
