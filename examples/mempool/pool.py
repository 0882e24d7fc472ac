"""The pool of one node: which transactions wait for a block, and which of them are worth it. A plain object."""

from __future__ import annotations

from .messages import Transaction


class Pool:
    """At most `most` transactions; where there are more, those that pay least go."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._held: dict[tuple[bytes, int], Transaction] = {}

    def add(self, transaction: Transaction) -> bool:
        """Whether it is held now. In the place of another with its payer and number only if it pays more."""
        key = (transaction.payer, transaction.number)
        other = self._held.get(key)
        if other is not None and other.fee >= transaction.fee:
            return False
        self._held[key] = transaction
        if len(self._held) > self._most:
            del self._held[min(self._held, key=lambda each: self._held[each].fee)]
        return key in self._held

    def best(self, most: int) -> list[Transaction]:
        """Those that pay best; of those that pay the same, in an order that is the same at every node."""
        order = sorted(self._held.values(), key=lambda each: (-each.fee, each.payer, each.number))
        return order[:most]

    def __len__(self) -> int:
        return len(self._held)
