"""The newest signed record of each node that is worth one, with what speaks for it; bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ..records import MAX_SKEW, PeerRecord, RecordRefused, read_record

__all__ = ["RecordStore"]

#: The part of the records that one peer may have told of, and how many it always may.
TELLER_SHARE, FEWEST_TOLD = 4, 16


class RecordStore:
    """Reads records, and keeps the newest of each node: at most `most`. Times are seconds since 1970 (UTC).

    Where there is no room, the one that expires first makes some, of those that are not held. A node's record is held
    from `hold` to `release`. What is refused is counted by its reason.
    """

    def __init__(self, network: str, most: int) -> None:
        self._network = network
        self._most = most
        self._records: dict[str, PeerRecord] = {}
        #: Whose record has these bytes: most of what is heard is known, and this costs nothing to find.
        self._owners: dict[bytes, str] = {}
        self._held: set[str] = set()
        #: The peer that told of a node first; none where the node said so itself.
        self._tellers: dict[str, str] = {}
        self._refused: Counter[str] = Counter()

    def __iter__(self) -> Iterator[PeerRecord]:
        return iter(tuple(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    @property
    def refused(self) -> Mapping[str, int]:
        """How many were refused, by reason, since the start."""
        return dict(self._refused)

    def get(self, node_id: str) -> PeerRecord | None:
        """The newest record of that node."""
        return self._records.get(node_id)

    def read(self, data: bytes, now: float) -> PeerRecord | RecordRefused:
        """A record that is newer than what is known of its node; it is not kept by this."""
        owner = self._owners.get(data)
        if owner is not None:
            self.count("known")
            return RecordRefused("known", "the one that is known", owner)
        record = read_record(data, network=self._network, now=now, known=self._records.get)
        if isinstance(record, RecordRefused):
            self.count(record.reason)
        return record

    def count(self, reason: str) -> None:
        """One more was refused, for a reason of the caller's own."""
        self._refused[reason] += 1

    def keep(self, record: PeerRecord, teller: str | None = None) -> bool:
        """Keep a record that `read` gave; False where there is no room for it.

        `teller` is the peer that passed it on: what one of them tells of has a share, within which it makes its own
        room.
        """
        node_id = record.node_id
        known = self._records.get(node_id)
        if known is not None and known.sequence >= record.sequence:
            return True
        if known is None and not self._room_for(record, teller):
            return False
        # The peer that told of a node first answers for it, until it speaks for itself.
        first = teller if known is None else self._tellers.get(node_id)
        self.forget(node_id)
        if teller is not None and first is not None:
            self._tellers[node_id] = first
        self._records[node_id] = record
        self._owners[record.data] = node_id
        return True

    def hold(self, node_id: str) -> None:
        """Never forget this node's record to make room, nor when it expires."""
        self._held.add(node_id)

    def release(self, node_id: str) -> None:
        """The end of `hold`."""
        self._held.discard(node_id)

    def forget(self, node_id: str) -> None:
        """Drop a node's record: an older one would be taken for new again, until it expires."""
        known = self._records.pop(node_id, None)
        if known is not None:
            del self._owners[known.data]
        self._tellers.pop(node_id, None)

    def expire(self, now: float) -> list[str]:
        """Drop what has expired; returns whose records those were."""
        gone = [
            record.node_id
            for record in self._records.values()
            if record.expires + MAX_SKEW < now and record.node_id not in self._held
        ]
        for node_id in gone:
            self.forget(node_id)
        return gone

    def _room_for(self, newcomer: PeerRecord, teller: str | None) -> bool:
        if teller is not None:
            own = [self._records[node_id] for node_id, other in self._tellers.items() if other == teller]
            if len(own) >= max(FEWEST_TOLD, self._most // TELLER_SHARE):
                return self._replace_one_of(own, newcomer)
        return len(self._records) < self._most or self._replace_one_of(self._records.values(), newcomer)

    def _replace_one_of(self, records: Iterable[PeerRecord], newcomer: PeerRecord) -> bool:
        loose = [record for record in records if record.node_id not in self._held]
        if not loose:
            return False
        oldest = min(loose, key=lambda record: record.expires)
        if oldest.expires > newcomer.expires:
            return False
        self.forget(oldest.node_id)
        return True
