"""Who else listens at the servers of a network: an inbox each, said when it comes, asked for, and taken back."""

# Law 1. What is said is an inbox and nothing else: no node id, no role, no address. The handshake tells the rest.
# Law 2. It is said again every AGAIN seconds, and forgotten LASTS seconds after it was said last: a node that died says
#        no goodbye.
# Law 3. An asker is answered alone, so a crowd that starts at once costs a server n messages for each and not n².
# Law 4. Anybody at the server may say anything. MOST_HEARD are remembered: of more one by chance goes, of those that
#        have said it once as long as there are such. `found` is called once in SOON seconds, with as many as it takes.
# Law 5. A goodbye may be somebody else's: whoever hears its own says that it is here, and it counts GOODBYE seconds
#        after it was said.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ..streams import Endpoint
from .client_protocol import Delivery
from .endpoints import at_token
from .server_link import PRESENCE, ServerLink
from .subjects import is_token

__all__ = ["NatsPresence"]

#: Seconds between two times that a node says it is there, and for which that holds.
AGAIN: Final = 30.0
LASTS: Final = 100.0
#: Seconds after which a goodbye counts, and between two answers to goodbyes that others have said for this node.
GOODBYE: Final = 1.0
#: Seconds in which what is heard is told together.
SOON: Final = 0.1
#: Inboxes that are remembered: as many as a node has peers in the largest of networks, and some.
MOST_HEARD: Final = 1024

#: The first byte of what is said: here, and who else is; here; gone.
_ASKING, _HERE, _GONE = b"Q", b"H", b"G"


class NatsPresence:
    """Of one inbox. `found` hears of the places of all others whenever they are others."""

    def __init__(
        self, link: ServerLink, inbox: str, place: Endpoint, found: Callable[[tuple[Endpoint, ...]], None]
    ) -> None:
        self._link = link
        self._inbox = inbox.encode("ascii")
        self._place = place.without_peer()
        self._found = found
        self._loop = asyncio.get_running_loop()
        #: By inbox: until when it holds; and those that have said it once.
        self._heard: dict[str, float] = {}
        self._new: set[str] = set()
        #: When this node has said last that it is no goodbye of its own.
        self._denied = -GOODBYE
        self._closed = False
        self._told: frozenset[str] = frozenset()
        self._telling: asyncio.TimerHandle | None = None
        self._subscription = link.connection.subscribe(link.subjects.presence, self._listen)
        link.listen_at(PRESENCE, self._listen)
        self._saying = self._loop.call_later(AGAIN * self._link.rng.uniform(0.8, 1.2), self._again)
        self._say(_ASKING)

    def close(self) -> None:
        """Say goodbye, and hear nothing more."""
        self._closed = True
        self._saying.cancel()
        if self._telling is not None:
            self._telling.cancel()
        if not self._link.dead:
            self._say(_GONE)
            self._link.connection.unsubscribe(self._subscription)
        self._link.listen_at(PRESENCE, None)

    def _say(self, kind: bytes, to: bytes = b"") -> None:
        subjects = self._link.subjects
        reply = subjects.session(self._link.token, PRESENCE) if kind == _ASKING else b""
        self._link.connection.publish(to or subjects.presence, reply, (kind, self._inbox))

    def _again(self) -> None:
        self._saying = self._loop.call_later(AGAIN * self._link.rng.uniform(0.8, 1.2), self._again)
        self._say(_HERE)
        self._plan()

    def _listen(self, delivery: Delivery) -> bool:
        kind, said = delivery.data[:1], delivery.data[1:65]
        inbox = said.decode("ascii", "replace")
        now = self._loop.time()
        if said == self._inbox:
            if kind == _GONE and not self._closed and now >= self._denied + GOODBYE:
                self._denied = now
                self._say(_HERE)
            return False
        if not is_token(inbox):
            return False
        if kind == _GONE:
            self._part(inbox, now)
        elif kind in (_HERE, _ASKING):
            if inbox in self._heard:
                self._new.discard(inbox)
            else:
                self._make_room()
                self._new.add(inbox)
            self._heard[inbox] = now + LASTS
            if kind == _ASKING and not self._link.connection.busy and self._link.subjects.is_session(delivery.reply):
                self._say(_HERE, delivery.reply)
        self._plan()
        return False

    def _make_room(self) -> None:
        if len(self._heard) >= MOST_HEARD:
            one = self._link.rng.choice(sorted(self._new or self._heard))
            del self._heard[one]
            self._new.discard(one)

    def _part(self, inbox: str, now: float) -> None:
        if self._heard.get(inbox, now) > now + GOODBYE:
            self._heard[inbox] = now + GOODBYE
            self._loop.call_later(GOODBYE, self._plan)

    def _plan(self) -> None:
        if self._closed:
            return
        if self._telling is None:
            self._telling = self._loop.call_later(SOON, self._tell)

    def _tell(self) -> None:
        self._telling = None
        now = self._loop.time()
        self._heard = {inbox: until for inbox, until in self._heard.items() if until > now}
        self._new &= self._heard.keys()
        there = frozenset(self._heard)
        if there != self._told:
            self._told = there
            self._found(tuple(at_token(self._place, inbox) for inbox in sorted(there)))
