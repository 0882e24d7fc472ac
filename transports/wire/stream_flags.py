"""What stands in the type of an ASK whose answer comes in items: that it does, and how many may come at first."""

from __future__ import annotations

__all__ = ["IN_ITEMS", "NUMBER", "WITH_ITEMS", "flags_of", "window_in"]

#: The type itself.
NUMBER = 0xFF
#: The logarithm of the items that may come, and of their bytes: five bits each.
ITEMS_AT, BYTES_AT, BITS = 8, 13, 0x1F
#: Items go with the ask.
WITH_ITEMS = 1 << 30
#: The answer may come in items.
IN_ITEMS = 1 << 31


def flags_of(items: int, size: int, *, opened: bool) -> int:
    """What is added to the type: windows are powers of two, rounded down."""
    window = (items.bit_length() - 1) << ITEMS_AT | (size.bit_length() - 1) << BYTES_AT
    return IN_ITEMS | window | (WITH_ITEMS if opened else 0)


def window_in(number: int) -> tuple[int, int]:
    """The items and bytes that may come at first."""
    return 1 << (number >> ITEMS_AT & BITS), 1 << (number >> BYTES_AT & BITS)
