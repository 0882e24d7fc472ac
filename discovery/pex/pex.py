"""Peer exchange: which peers to ask for others and when, what to answer, what to believe. Decides, and never acts.

Two nodes that are connected tell each other of third ones, by records which those have signed themselves.
"""

# Law 1. No clock, no randomness, no I/O: `now` is the loop's clock, `wall` seconds since 1970, `rng` an argument.
# Law 2. Own questions go by own timers (`polls`, `next_due`); nothing that a peer sends delays them.
# Law 3. Only signed records are told, only of nodes that were connected to this one, and where one of their addresses
#        was seen to be theirs; never those that say they are private.
# Law 4. A fault is something that no honest peer does, however late or slow it is. Anything else is only counted.
# Law 5. All that is known of a peer's rate ends with its connection, and a new connection begins with a full bucket.

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from ...transports.streams import Endpoint
from ..facts import Candidate
from ..records import Advert, PeerRecord, RecordRefused, can_reach, heard_at, share_a_place, zone_of
from .neighbour import REQUEST_RATE, ExchangePartner, clock_of, leaves_at, new_neighbour
from .options import PexOptions
from .record_store import RecordStore
from .values import SOURCE, Fault, News, PexStatistics, Poll, Refusal

__all__ = ["AMPLIFICATION", "MAX_ANSWER_BYTES", "MAX_RECORDS", "MIN_REQUEST_BYTES", "Pex"]

#: Records in one answer, and bytes of them: some 80 records of the usual size, and no more than `AMPLIFICATION` times
#: the bytes of the smallest request (without its frame).
MAX_RECORDS = 100
MIN_REQUEST_BYTES = 14
AMPLIFICATION = 1024
MAX_ANSWER_BYTES = AMPLIFICATION * MIN_REQUEST_BYTES
#: Seconds between any two requests of ours: a node with many neighbours learns from 28 KiB a second at most.
LEAST_GAP = 0.5
#: Seconds, by chance up to that, after which a new neighbour is asked for the first time.
FIRST_ASK = 0.2
#: Part of the records beyond which there is little left to learn.
NEARLY_FULL = 0.95
#: What a refused record says of its teller: these no honest peer passes on, as it would have refused them itself.
_FAULTS = MappingProxyType(
    {
        "too_large": "forged_record",
        "malformed": "forged_record",
        "forged": "forged_record",
        "foreign_network": "foreign_record",
    }
)
#: Seconds after its end at which nobody tells of a record by accident, however wrong a clock is.
LONG_EXPIRED = 86_400.0
#: Faults after which nothing else in the answer is worth a look.
_GRAVE = frozenset({"forged_record", "foreign_record", "private_record"})


class Pex:
    """See the module. `self_id` is this node; `options` say how often and how much."""

    def __init__(self, self_id: str, network: str, options: PexOptions, rng: random.Random) -> None:
        self._self_id = self_id
        self._options = options
        self._rng = rng
        self._records = RecordStore(network, options.max_records)
        self._neighbours: dict[str, ExchangePartner] = {}
        #: Nodes that were connected and came from, or were found at, an address which their record names.
        self._placed: dict[str, None] = {}
        self._wanted: tuple[str, ...] = ()
        self._last_poll = -math.inf
        self._turn = 0
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    # -- the peers that are there

    def up(self, node_id: str, remote: Endpoint, now: float, *, dialed: bool) -> None:
        """A peer is connected; a new connection in place of an old one counts as well."""
        self._neighbours[node_id] = new_neighbour(remote, now, self._options.min_interval, dialed=dialed)
        self._records.hold(node_id)

    def takes_part(self, node_id: str, now: float, *, really: bool = True) -> None:
        """That peer answers such requests now, or no more."""
        neighbour = self._neighbours.get(node_id)
        if neighbour is None:
            return
        if not really:
            neighbour.ask_at = math.inf
        elif neighbour.ask_at == math.inf:
            neighbour.ask_at = now + FIRST_ASK * self._rng.random()

    def down(self, node_id: str) -> None:
        """It is not any more."""
        if self._neighbours.pop(node_id, None) is not None:
            self._records.release(node_id)

    def introduced(self, node_id: str, data: bytes, now: float, wall: float) -> News | None:
        """A connected peer's own record, from HELLO or UPDATE. None: too many in a short time, show it again later."""
        neighbour = self._neighbours.get(node_id)
        if neighbour is None or not data:
            return News()
        if not neighbour.records.take(now):
            return None
        record = self._records.read(data, wall)
        if record.node_id not in ("", node_id):
            return self._fault(node_id, "forged_record")
        said = clock_of(record)
        neighbour.clock = neighbour.clock if said is None else said
        if isinstance(record, PeerRecord):
            self._records.keep(record)
            self._place(neighbour, record)
            return News(found=(self._usable(record, neighbour, None),))
        if record.reason == "known":
            self._place(neighbour, self._records.get(node_id))
        # Its clock may be wrong, or have been: that is no crime, and neither does it get the record told.
        fault = {"forged": "forged_record", "malformed": "protocol", "too_large": "protocol"}.get(record.reason)
        return self._fault(node_id, fault) if fault else News()

    def _place(self, neighbour: ExchangePartner, record: PeerRecord | None) -> None:
        if record is not None and record.names(neighbour.remote):
            self._placed[record.node_id] = None

    # -- answering

    def asked(self, node_id: str, now: float) -> Refusal | None:
        """May this request be answered? None: yes."""
        neighbour = self._neighbours.get(node_id)
        if neighbour is None:
            return Refusal("unknown", "only connected peers are answered")
        self._counts["asked"] += 1
        if neighbour.bucket.take(now):
            return None
        self._counts["too_soon"] += 1
        fault = None if neighbour.patience.take(now) else self._fault(node_id, "too_soon").faults[0]
        return Refusal("too_soon", f"at most one request in {1 / REQUEST_RATE:g} s is answered", fault)

    def answer(
        self, node_id: str, role: str, limit: int, adverts: Iterable[Advert], now: float, wall: float
    ) -> tuple[bytes, ...]:
        """The records to tell that peer: of those that may be told, at most `limit`, `MAX_RECORDS`, `MAX_ANSWER_BYTES`.

        `adverts` are in the order of their worth. What is private, has expired, does not offer the role, or cannot be
        reached by the asker is left out.
        """
        neighbour = self._neighbours.get(node_id)
        if neighbour is None:
            return ()
        told: list[bytes] = []
        left = MAX_ANSWER_BYTES
        for advert in adverts:
            record = self._newest(advert)
            if record is None or record.private or record.node_id == node_id or record.expires <= wall:
                continue
            placed = advert.node_id in self._placed or share_a_place(record.endpoints, advert.verified)
            # Where all schemes are unknown here, only the asker knows whether it reaches one.
            reachable = self._reaches(neighbour, record, advert) or (bool(record.foreign) and not record.endpoints)
            if not placed or not reachable or (role and role not in record.roles) or len(record.data) > left:
                continue
            if len(told) >= min(limit, MAX_RECORDS):
                break
            told.append(record.data)
            left -= len(record.data)
        neighbour.answered_at = min(neighbour.answered_at, now)
        self._counts["answered"] += 1
        self._counts["told"] += len(told)
        return tuple(told)

    def _reaches(self, neighbour: ExchangePartner, record: PeerRecord, advert: Advert) -> bool:
        its = self._neighbours.get(advert.node_id)
        met = (*advert.verified, advert.host, None if its is None else its.remote)
        return can_reach(neighbour.remote, record.endpoints, met)

    def _newest(self, advert: Advert) -> PeerRecord | None:
        known = self._records.get(advert.node_id)
        said = advert.record
        return known if said is None or (known is not None and known.sequence >= said.sequence) else said

    # -- asking

    def want(self, roles: Iterable[str]) -> None:
        """Nodes that offer these roles are missing: ask for them, in turn with asking for anybody."""
        wanted = tuple(dict.fromkeys(roles))
        if set(wanted) - set(self._wanted):
            for neighbour in self._neighbours.values():
                neighbour.interval = self._options.min_interval
                neighbour.ask_at = min(neighbour.ask_at, self._last_poll + self._options.min_interval)
        self._wanted = wanted

    def polls(self, now: float) -> list[Poll]:
        """The requests to send now; each counts as under way until `answered` or `unanswered`."""
        due = [(n.ask_at, node_id) for node_id, n in self._neighbours.items() if not n.asking and n.ask_at <= now]
        # Timers go by sums of floats, so the gap may be over by the last bit only.
        if not due or now < self._last_poll + LEAST_GAP - 1e-9:
            return []
        node_id = min(due)[1]
        self._last_poll = now
        self._turn += 1
        self._neighbours[node_id].asking = self._turn
        self._counts["polled"] += 1
        # Every other request is for a role that is missing: a peer that has none may know one that does.
        role = self._wanted[self._turn // 2 % len(self._wanted)] if self._wanted and self._turn % 2 else ""
        return [Poll(self._turn, node_id, role, MAX_RECORDS)]

    def next_due(self, now: float) -> float | None:
        """When `polls` will next have something, should nothing else happen; None: never."""
        due = min((n.ask_at for n in self._neighbours.values() if not n.asking), default=math.inf)
        return None if due == math.inf else max(now, due, self._last_poll + LEAST_GAP)

    def answered(self, poll: Poll, records: Sequence[bytes], now: float, wall: float) -> Iterator[News]:
        """An answer came: what follows from it, record by record (checking one takes 0.2 ms).

        One to a request that is not under way any more, as its connection ended, is ignored.
        """
        node_id, neighbour = poll.node_id, self._neighbours.get(poll.node_id)
        if neighbour is None or neighbour.asking != poll.number:
            return
        new = 0
        size = sum(map(len, records))
        try:
            if len(records) > MAX_RECORDS or size > MAX_ANSWER_BYTES:
                yield self._fault(node_id, "too_many")
                return
            blamed: set[str] = set()
            for data in records:
                news, fault = self._heard(node_id, neighbour, data, wall)
                new += len(news.found)
                if fault and fault not in blamed:
                    blamed.add(fault)
                    news = News(news.found, news.lost, (*news.faults, *self._fault(node_id, fault).faults))
                yield news
                if fault in _GRAVE:
                    return
        finally:
            self._ask_again(neighbour, now, fruitful=new > 0)

    def unanswered(self, poll: Poll, now: float, fault: str = "") -> News:
        """A request came to nothing. `fault`: `no_answer` or `too_many`; none where the peer refused, or is gone."""
        neighbour = self._neighbours.get(poll.node_id)
        if neighbour is None or neighbour.asking != poll.number:
            return News()
        self._ask_again(neighbour, now, fruitful=False)
        return self._fault(poll.node_id, fault) if fault else News()

    def referred(
        self, node_id: str, remote: Endpoint, records: Sequence[bytes], now: float, wall: float
    ) -> Iterator[News]:
        """A node at `remote` that was dialed and is full names these instead: as an answer of a neighbour."""
        stranger = new_neighbour(remote, now, self._options.min_interval, dialed=True)
        for data in records[:MAX_RECORDS]:
            news, fault = self._heard(node_id, stranger, data, wall)
            yield News(news.found, news.lost, self._fault(node_id, fault).faults if fault else news.faults)
            if fault in _GRAVE:
                return

    def unsolicited(self, node_id: str) -> News:
        """A peer sent an answer that nobody had asked it for."""
        return self._fault(node_id, "unsolicited")

    def _ask_again(self, neighbour: ExchangePartner, now: float, *, fruitful: bool) -> None:
        options = self._options
        neighbour.asking = 0
        if len(self._records) >= NEARLY_FULL * options.max_records and not self._wanted:
            neighbour.interval = options.full_interval
        elif fruitful:
            neighbour.interval = options.min_interval
        else:
            neighbour.interval = min(neighbour.interval * 2, options.max_interval)
        if neighbour.ask_at == math.inf:
            return
        # Later by chance, never sooner: what the peer allows is a rate.
        neighbour.ask_at = now + neighbour.interval * (1.0 + 0.25 * self._rng.random())

    def _heard(self, teller: str, neighbour: ExchangePartner, data: bytes, wall: float) -> tuple[News, str]:
        """One record of an answer: what it means, and what it says of its teller ('' for nothing)."""
        record = self._records.read(data, wall)
        if isinstance(record, RecordRefused):
            if record.reason == "known":
                known = self._records.get(record.node_id)
                if known is not None and len(neighbour.told) < self._options.max_records:
                    neighbour.told[record.node_id] = known.sequence
            # Whose clock is wrong, the teller's or ours, is not asked: where they agree it knew that this has expired.
            elif (record.overdue > LONG_EXPIRED and neighbour.clock == 0.0) or (
                record.reason == "stale" and self._knew_better(neighbour, record)
            ):
                return News(), "stale_record"
            return News(), _FAULTS.get(record.reason, "")
        if record.private:
            self._records.count("private")
            return News(), "private_record"
        if record.node_id == self._self_id:
            self._records.count("self")
            return News(), ""
        candidate = self._usable(record, neighbour, teller)
        if not candidate.endpoints and not record.foreign:
            self._records.count("unroutable")
            return News(), ""
        if not self._records.keep(record, teller):
            self._records.count("full")
            return News(), ""
        if len(neighbour.told) >= self._options.max_records:
            neighbour.told.clear()  # it only serves to catch those that tell of the past
        neighbour.told[record.node_id] = record.sequence
        self._counts["learned"] += 1
        # Where nothing here can dial it, its record is kept for when it comes by itself: see `_place`.
        return News(found=(candidate,) if candidate.endpoints else ()), ""

    def _knew_better(self, neighbour: ExchangePartner, record: RecordRefused) -> bool:
        """It told of a newer record of that node before."""
        known = self._records.get(record.node_id)
        return known is not None and neighbour.told.get(record.node_id) == known.sequence

    # -- time

    def partings(self, now: float) -> tuple[str, ...]:
        """For a seed: whose connection has served its purpose, so that its slot is free for the next one."""
        if not self._options.seed:
            return ()
        leave = [node_id for node_id, one in self._neighbours.items() if not one.leaving and now >= leaves_at(one)]
        for node_id in leave:
            self._neighbours[node_id].leaving = True
        return tuple(leave)

    def next_parting(self) -> float | None:
        """For a seed: when `partings` will next have something, should nothing else happen; None: never."""
        if not self._options.seed or not self._neighbours:
            return None
        return min((leaves_at(one) for one in self._neighbours.values() if not one.leaving), default=None)

    def expire(self, wall: float) -> News:
        """Forget the records that have expired. To be called now and then."""
        gone = self._records.expire(wall)
        self._placed = {node_id: None for node_id in self._placed if self._records.get(node_id) is not None}
        return News(lost=tuple(gone))

    # -- small things

    def statistics(self) -> PexStatistics:
        """Counters since the start, and levels now."""
        return PexStatistics(
            neighbours=len(self._neighbours),
            records=len(self._records),
            polled=self._counts["polled"],
            learned=self._counts["learned"],
            asked=self._counts["asked"],
            answered=self._counts["answered"],
            told=self._counts["told"],
            too_soon=self._counts["too_soon"],
            refused=self._records.refused,
            faults=dict(self._faults),
        )

    def _fault(self, node_id: str, reason: str) -> News:
        self._faults[reason] += 1
        return News(faults=(Fault(node_id, reason),))

    def _usable(self, record: PeerRecord, neighbour: ExchangePartner, teller: str | None) -> Candidate:
        told = (endpoint for endpoint in record.endpoints if endpoint.usable(neighbour.scope))
        endpoints = heard_at(told, zone_of(neighbour.remote))
        heard_from = neighbour.remote.host
        return Candidate(record.node_id, endpoints, record.roles, SOURCE, teller, record, heard_from, neighbour.scope)
