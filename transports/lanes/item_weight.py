"""How much memory items take that have come from a peer and that nobody has taken."""

from __future__ import annotations

from typing import Any

from ...actors.streams import ItemBuffer
from ..wire import weight_of

__all__ = ["note_kinds", "weight_of_unread"]


def note_kinds(buffer: ItemBuffer, number: int, items: list[Any]) -> None:
    """These come: remember the heaviest of their types. With a number all are of one."""
    kinds = buffer.kinds
    if number:
        if items[0].__class__ in kinds:
            return
        found = {items[0].__class__}
    else:
        found = set(map(type, items))
    for kind in found - kinds:
        kinds.add(kind)
        weight = weight_of(kind)
        buffer.each, buffer.per_byte = max(buffer.each, weight.each), max(buffer.per_byte, weight.per_byte)


def weight_of_unread(buffer: ItemBuffer) -> int:
    """Bytes of memory, at most."""
    items, size = buffer.window.held
    return items * buffer.each + int(size * buffer.per_byte) if items else 0
