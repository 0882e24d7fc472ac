"""Messages that were handed to the network and are not confirmed: returned credit says that their actor took them.

A lost connection can say by it which messages are in doubt.
"""

from __future__ import annotations

from collections import deque

from .batch import Batch, Outgoing

__all__ = ["Unconfirmed"]


class Unconfirmed:
    """Those of one lane, in the order in which they were written."""

    __slots__ = ("batches", "bytes", "messages", "tells")

    def __init__(self) -> None:
        self.batches: deque[Batch] = deque()
        #: Messages that were written and are not confirmed, and the bytes of their payloads.
        self.messages = 0
        self.bytes = 0
        #: Tells that were ever written.
        self.tells = 0

    def __bool__(self) -> bool:
        return bool(self.batches)

    @property
    def pending(self) -> int:
        """Messages that may be delivered yet: those that the peer refused are not."""
        return self.messages - sum(map(_refused, self.batches))

    def add(self, batch: Batch) -> None:
        """A batch was written."""
        if batch.asks is None:
            batch.first = self.tells
            self.tells += len(batch.messages)
        self.batches.append(batch)
        self.messages += len(batch)
        self.bytes += batch.size

    def add_ask(self, ask: Outgoing, size: int, now: float) -> None:
        """An ask was written by itself; `size` are the bytes of its payload."""
        self.batches.append(Batch.of_ask(ask, now))
        self.messages += 1
        self.bytes += size

    def confirm(self, messages: int, size: int) -> int:
        """Credit for that number of messages, and their bytes, came back. Returns how many were not refused."""
        self.messages -= messages
        self.bytes -= size
        delivered = messages
        while messages:
            batch = self.batches[0]
            before, total = batch.confirmed, len(batch)
            batch.confirmed = after = min(total, before + messages)
            if after == total:
                self.batches.popleft()
            messages -= after - before
            if batch.refused is not None:
                delivered -= sum(before <= place < after for place in batch.refused)
        return delivered

    def refuse(self, first: int, count: int) -> tuple[list[object], int]:
        """That many tells from that sequence on failed at the peer. Returns those that have not failed before, and how
        many more are not here, as credit for them has come back.
        """
        count = min(count, self.tells - first)
        found: list[object] = []
        gone = max(0, count)
        for batch in self.batches:
            if batch.asks is not None:
                continue
            begin, end = max(first - batch.first, batch.confirmed), min(first + count - batch.first, len(batch))
            if begin >= end:
                continue
            refused = batch.refused = set() if batch.refused is None else batch.refused
            found += [batch.messages[place] for place in range(begin, end) if place not in refused]
            refused.update(range(begin, end))
            gone -= end - begin
        return found, gone

    def drop(self) -> list[Outgoing]:
        """Nothing is confirmed any more: what may have arrived."""
        left = [outgoing for batch in self.batches for outgoing in batch.left()]
        self.batches.clear()
        self.messages = self.bytes = 0
        return left


def _refused(batch: Batch) -> int:
    """How many of a batch are refused and not confirmed yet."""
    return sum(place >= batch.confirmed for place in batch.refused or ())
