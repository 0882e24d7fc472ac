"""A message as a frame carries it: apart from what is compiled, as it is encoded as it is."""

from __future__ import annotations

import msgspec

__all__ = ["Item"]


class Item(msgspec.Struct, array_like=True, gc=False):
    """A message as it stands in TELL.

    No tuple: the garbage collector would have those of all messages that are on their way to look at. To 64 peers in
    turn a message took 2.55 µs with tuples, 2.04 with these, 1.9 without a collector.
    """

    number: int
    source: int
    payload: bytes
