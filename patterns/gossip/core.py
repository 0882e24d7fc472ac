"""How gossip goes on: what one member tells which neighbour, decided without clock, socket or loop.

An item is pushed along a tree that finds itself, and announced to all other neighbours, who ask for what they miss
(Plumtree: Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", SRDS 2007). Members compare digests now and then, and
when they meet, so one that comes late or was cut off catches up (Demers et al., "Epidemic Algorithms for Replicated
Database Maintenance", PODC 1987). Laws:
1. A node pushes an item at once to `eager` neighbours at most, and never to the one that it came from: so an item comes
   to a node `eager` times on average at most, and about once where the tree has settled.
2. Of an item that a neighbour announced, one neighbour is asked at a time. One that does not send what it has said it
   had breaks its word; whoever does that often is not listened to for a while (gossipsub 1.1, "promises").
3. What waits for a neighbour is some ids: the payload is taken when it is sent. What it was not told because
   there was no room, a digest finds.
4. What a neighbour asks for is served so often: `SERVED` times each between two exchanges (gossipsub 1.1).
5. Ids are computed here from what came. A digest can be forged, and costs what it announces: ids that are asked for
   once, and are found broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from random import Random

from .messages import ID_SIZE, MAX_IDS, MAX_PUSHED, Carried, Digest, GossipView, Have, Prune, Push, Want
from .neighbour import GossipNeighbour
from .options import GossipOptions
from .store import HeldItem, ItemStore, item_id

__all__ = ["GossipCore"]

#: Bytes of one Push, beyond one item.
PUSH_BYTES = 128 << 10
#: Bytes of an item in a Push beside its payload and the name of its type, and of an id.
BESIDE, OF_ID = 24, ID_SIZE + 2
#: Items that are looked for at a time, and those that one look at what is due asks for.
MAX_WANTED, ASKED_AT_ONCE = 16_384, 512
#: Seconds that a push has to come after an announcement before it is asked for; and that one who is asked has.
PATIENCE, ANSWER = 0.5, 3.0
#: Seconds that announcements wait for others, to go together.
GATHER = 0.1
#: Times that a neighbour may ask for one item between two exchanges.
SERVED = 2
#: Digests that are compared with one neighbour in the time of one exchange.
DIGESTS = 4
#: Neighbours that a node compares with as they come, in the time of one exchange.
MEETINGS = 3
#: Others that are remembered to have an item which is asked for.
OTHERS = 4


@dataclass(slots=True)
class _Wanted:
    """An item that is announced and not here: which members to ask, when, and the one that was asked last."""

    at: float
    have: list[str]
    asked: str | None = None


class GossipCore:
    """See the module. Events go in by methods, with the time; what to send comes out of `next_for`."""

    def __init__(self, options: GossipOptions, rng: Random, largest: int = PUSH_BYTES) -> None:
        """`largest`: bytes that the items or ids of one message may take together."""
        self.options = options
        self._push_bytes = min(PUSH_BYTES, largest)
        self._ids = max(1, min(MAX_IDS, largest // OF_ID))
        self.store = ItemStore(options)
        self.neighbours: dict[str, GossipNeighbour] = {}
        self._rng = rng
        self._wanted: dict[bytes, _Wanted] = {}
        self._exchange_at: float | None = None
        #: When each is to be asked for, as a heap; also of those that came, or were asked for, meanwhile.
        self._asks: list[tuple[float, bytes]] = []
        self._met = self._first = 0
        #: Counters of `GossipView`.
        self.delivered = self.copies = self.refused = self.unserved = self.broken = 0

    # The neighbours.

    def members(self, ids: Iterable[str], now: float) -> None:
        """These neighbours are there at this moment."""
        wanted = dict.fromkeys(ids)
        for gone in [each for each in self.neighbours if each not in wanted]:
            del self.neighbours[gone]
        for new in [each for each in wanted if each not in self.neighbours]:
            self.neighbours[new] = GossipNeighbour(eager=self._eager_count() < self.options.eager)
            if self._met < MEETINGS:
                self._met += 1
                self.neighbours[new].digest = True
        if self._exchange_at is None and self.neighbours:
            self._exchange_at = now + self.options.exchange * self._rng.uniform(0.5, 1.0)

    def _eager_count(self) -> int:
        return sum(each.eager for each in self.neighbours.values())

    # What comes in.

    def publish(self, kind: str, payload: bytes, now: float, source: str = "") -> bool:
        """An item enters here. False: it is known. `source`: the peer that told it, if one did."""
        id_ = item_id(kind, payload)
        if id_ in self.store.known:
            return False
        self._accept(HeldItem(id_, kind, payload, now, source), now)
        return True

    def pushed(self, peer: str, push: Push, now: float) -> list[HeldItem]:
        """Items of a neighbour. Returns those that are new, for `accept` or `refuse`."""
        neighbour = self.neighbours.get(peer)
        if neighbour is not None and neighbour.distrusted_until > now:
            return []
        new: dict[bytes, HeldItem] = {}
        unasked_again = False
        for carried in push.items:
            id_ = item_id(carried.kind, carried.payload)
            self.copies += 1
            asked = neighbour is not None and neighbour.asked.pop(id_, None) is not None
            if id_ in self.store.known or id_ in new:
                unasked_again = unasked_again or not asked
            elif carried.age < self.options.keep_for:
                new[id_] = HeldItem(id_, carried.kind, carried.payload, now - carried.age, peer)
        if neighbour is None:  # no member: it sends what enters here
            return list(new.values())
        if new:
            self._make_eager(neighbour)
        elif unasked_again and neighbour.eager:
            neighbour.eager = False
            neighbour.prune = True
        elif unasked_again:
            neighbour.prune = True
        return list(new.values())

    def accept(self, item: HeldItem, now: float) -> bool:
        """It is valid: hold it, and tell others. False: it has become known meanwhile."""
        if item.id in self.store.known:
            return False
        self._accept(item, now)
        return True

    def refuse(self, item: HeldItem, now: float) -> bool:
        """It is not valid: never ask for it again. True: its neighbour has sent too many of them, and is reported."""
        self.refused += 1
        self.store.remember(item.id)
        self._wanted.pop(item.id, None)
        neighbour = self.neighbours.get(item.source)
        return neighbour is not None and neighbour.wrong(now)

    def _accept(self, item: HeldItem, now: float) -> None:
        self.delivered += 1
        self.store.add(item)
        self._wanted.pop(item.id, None)
        left = self.options.eager
        for peer, neighbour in self.neighbours.items():
            if peer == item.source:
                continue
            if neighbour.eager and left:
                left -= 1
                neighbour.push(item.id)
            else:
                neighbour.announce(item.id, now + GATHER)

    def has(self, peer: str, have: Have, now: float) -> None:
        """A neighbour announces items."""
        neighbour = self._listened_to(peer, now)
        if neighbour is None:
            return
        for id_ in have.ids:
            neighbour.knows(id_)
            if id_ in self.store.known:
                continue
            wanted = self._wanted.get(id_)
            if wanted is None:
                if len(self._wanted) < MAX_WANTED and neighbour.may_announce():
                    at = now if have.at_once else now + PATIENCE
                    self._wanted[id_] = _Wanted(at, [peer])
                    heappush(self._asks, (at, id_))
            elif peer not in wanted.have and len(wanted.have) < OTHERS:
                wanted.have.append(peer)

    def wants(self, peer: str, want: Want, now: float) -> None:
        """A neighbour asks for items: send them, and further ones at once, as it got none by the tree."""
        neighbour = self._listened_to(peer, now)
        if neighbour is None:
            return
        for id_ in want.ids:
            if id_ in self.store.items:
                if neighbour.serve(id_, SERVED):
                    neighbour.push(id_)
                else:
                    self.unserved += 1
        self._make_eager(neighbour)

    def pruned(self, peer: str) -> None:
        """A neighbour gets items from others."""
        neighbour = self.neighbours.get(peer)
        if neighbour is not None:
            neighbour.eager = False

    def digested(self, peer: str, digest: Digest, now: float) -> None:
        """A neighbour says what it has: tell it of what differs, and what is here, if it asks."""
        neighbour = self._listened_to(peer, now)
        if neighbour is None or neighbour.digests >= DIGESTS:
            return
        neighbour.digests += 1
        neighbour.compare(self.store.beside(digest.buckets))
        if digest.first:
            neighbour.digest_back = True

    def _make_eager(self, neighbour: GossipNeighbour) -> None:
        if not neighbour.eager and self._eager_count() < self.options.eager:
            neighbour.eager = True

    def _listened_to(self, peer: str, now: float) -> GossipNeighbour | None:
        neighbour = self.neighbours.get(peer)
        return None if neighbour is None or neighbour.distrusted_until > now else neighbour

    def failed(self, peer: str) -> None:
        """A message to a neighbour did not arrive: a digest finds what that was."""
        neighbour = self.neighbours.get(peer)
        if neighbour is not None:
            neighbour.failed = True

    # What goes out.

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.store.expire(now)
        for _ in range(ASKED_AT_ONCE):  # what is left is due at once, and others have their turn before
            if not self._asks or self._asks[0][0] > now:
                break
            at, id_ = heappop(self._asks)
            wanted = self._wanted.get(id_)
            if wanted is not None and wanted.at == at:
                self._ask_next(id_, wanted, now)
        if len(self._asks) > 2 * len(self._wanted) + ASKED_AT_ONCE:  # of those that came meanwhile
            self._asks = [(wanted.at, id_) for id_, wanted in self._wanted.items()]
            heapify(self._asks)
        if self._exchange_at is not None and self._exchange_at <= now:
            self._exchange_at = now + self.options.exchange * self._rng.uniform(0.8, 1.2) if self.neighbours else None
            self._met = 0
            for neighbour in self.neighbours.values():
                neighbour.begin_anew(self._wanted)
            if self.neighbours:
                self.neighbours[self._rng.choice(list(self.neighbours))].digest = True
            while self._eager_count() < min(self.options.eager, len(self.neighbours)) and self._mend():
                pass

    def _mend(self) -> bool:
        """Where neighbours of the tree are gone, others take their places: one, and what was pruned is found again."""
        if self._eager_count():
            return False
        self.neighbours[self._rng.choice(list(self.neighbours))].eager = True
        return True

    def _ask_next(self, id_: bytes, wanted: _Wanted, now: float) -> None:
        if wanted.asked is not None:
            self._broke_word(wanted.asked, id_, now)
        wanted.asked = None
        while wanted.have:
            peer = wanted.have.pop(0)
            neighbour = self._listened_to(peer, now)
            if neighbour is not None:
                neighbour.ask(id_)
                wanted.asked, wanted.at = peer, now + ANSWER
                heappush(self._asks, (wanted.at, id_))
                return
        del self._wanted[id_]

    def _broke_word(self, peer: str, id_: bytes, now: float) -> None:
        neighbour = self.neighbours.get(peer)
        # What has not even been asked, as the neighbour is slow to take messages, it could not send.
        if neighbour is not None and neighbour.asked.pop(id_, False):
            self.broken += 1
            neighbour.break_word(now)

    def due(self) -> float | None:
        """When something is due; None: never, as it is now."""
        times = [each.announce_at for each in self.neighbours.values() if each.announce_at is not None]
        ask_at = self._asks[0][0] if self._asks else None
        times += [each for each in (ask_at, self._exchange_at, self.store.next_expiry) if each is not None]
        return min(times, default=None)

    def in_turn(self) -> list[str]:
        """The neighbours that can be sent to, another one first each time: so whoever has time for some is fair to all.

        One that a message did not reach is nearly always gone, and this is about to be told: it is tried again with
        the next exchange.
        """
        peers = [peer for peer, neighbour in self.neighbours.items() if not neighbour.failed]
        self._first += 1
        first = self._first % len(peers) if peers else 0
        return peers[first:] + peers[:first]

    def next_for(self, peer: str, now: float) -> Push | Have | Want | Prune | Digest | None:
        """The next message to a neighbour; None: nothing for now."""
        neighbour = self.neighbours.get(peer)
        if neighbour is None:
            return None
        if neighbour.prune:
            neighbour.prune = False
            return Prune()
        if neighbour.digest or neighbour.digest_back:
            first = neighbour.digest
            neighbour.digest = neighbour.digest_back = False
            return Digest(self.store.digest(), first)
        if neighbour.asks:
            return Want(neighbour.take_asks(self._ids))
        items = self._items_for(neighbour, now)
        if items:
            return Push(items)
        ids, at_once = neighbour.take_announcements(now, self._ids, self.store.items)
        return Have(ids, at_once) if ids else None

    def _items_for(self, neighbour: GossipNeighbour, now: float) -> tuple[Carried, ...]:
        found: list[Carried] = []
        size = 0
        queue: deque[bytes] = neighbour.pushes
        while queue and len(found) < MAX_PUSHED:
            item = self.store.items.get(queue[0])
            if item is not None:
                size += len(item.payload) + len(item.kind) + BESIDE
                if found and size > self._push_bytes:
                    break
                found.append(Carried(item.kind, item.payload, max(0.0, now - item.made)))
            neighbour.pushed(queue.popleft())
        return tuple(found)

    def view(self, now: float) -> GossipView:
        """Counts, at this instant."""
        several = self.neighbours.values()
        return GossipView(
            held=len(self.store.items),
            held_bytes=self.store.bytes,
            remembered=len(self.store.known),
            neighbours=len(self.neighbours),
            eager=self._eager_count(),
            delivered=self.delivered,
            copies=self.copies,
            refused=self.refused,
            evicted=self.store.evicted,
            unserved=self.unserved,
            broken=self.broken,
            distrusted=sum(each.distrusted_until > now for each in several),
        )
