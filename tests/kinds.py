"""The kinds of classes that a message may be, made at run time: for tests that hold for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import make_dataclass
from functools import partial
from typing import Any

import msgspec

from peerbus.actors import Message

__all__ = ["KINDS", "Made", "make_message"]

#: Makes the class of messages with that name and those fields.
Made = Callable[[str, Iterable[tuple[str, Any]]], type]


def make_message(name: str, fields: Iterable[tuple[str, Any] | tuple[str, Any, Any]]) -> type:
    """As `make_dataclass`; a default is the third of a field."""
    return msgspec.defstruct(name, fields, bases=(Message,), frozen=True)


def _make_struct(name: str, fields: Iterable[tuple[str, Any]]) -> type:
    return msgspec.defstruct(name, fields, frozen=True)


KINDS: Mapping[str, Made] = {
    "message": make_message,
    "dataclass": partial(make_dataclass, frozen=True),
    "dataclass with slots": partial(make_dataclass, frozen=True, slots=True),
    "struct": _make_struct,
}
