"""How many values are in bytes of MessagePack, without making one of them."""

from __future__ import annotations

from typing import Final

__all__ = ["AFTER", "count", "too_many"]

#: Bytes after the head of a value, by its head; below 0: as many bytes that tell a length (MessagePack specification).
AFTER: Final = [0] * 256
for _head in range(0xA0, 0xC0):
    AFTER[_head] = _head & 0x1F
for _head, _size in (
    *((0xC4, -1), (0xC5, -2), (0xC6, -4), (0xC7, -1), (0xC8, -2), (0xC9, -4), (0xD9, -1), (0xDA, -2), (0xDB, -4)),
    *((0xCA, 4), (0xCB, 8), (0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8), (0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)),
    *((0xD4, 2), (0xD5, 3), (0xD6, 5), (0xD7, 9), (0xD8, 17), (0xDC, 2), (0xDD, 4), (0xDE, 2), (0xDF, 4)),
):
    AFTER[_head] = _size


def too_many(payload: bytes | memoryview, limit: int) -> bool:
    """More values are in it than may be. What is no MessagePack is for the decoder to refuse."""
    end = len(payload)
    if end <= limit:
        return False
    after, at = AFTER, 0
    for _ in range(limit):
        head = payload[at]
        size = after[head]
        at += 1
        if size < 0:
            length = int.from_bytes(payload[at : at - size], "big")
            at += length - size + (0xC7 <= head <= 0xC9)  # the three with a type beside the length
        else:
            at += size
        if at >= end:
            return False
    return True


def count(payload: bytes | memoryview) -> int:
    """How many values are in it, which is MessagePack."""
    end, after, at, found = len(payload), AFTER, 0, 0
    while at < end:
        size = after[payload[at]]
        if size < 0:
            length = int.from_bytes(payload[at + 1 : at + 1 - size], "big")
            size = length - size + (0xC7 <= payload[at] <= 0xC9)
        at += 1 + size
        found += 1
    return found
