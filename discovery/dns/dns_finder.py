"""Finds nodes by the name system: `dns://_peerbus._tcp.example.org?type=SRV`, `dns://peers?type=A&port=7400`.

The name system knows no node ids: it names places, and the handshakes tell which nodes are there. It does not advertise
this node either: whoever keeps the zone does, as Kubernetes does for a headless service. Task: one (waits for: the time
that the last answer is good for; feeds: `on_found`).
"""

# Law 1. An answer is good for its time (TTL), within bounds, and is asked for again then.
# Law 2. Where no server answers, the last answer stands in, for an hour at most (RFC 8767): a name server that is down
#        takes no peers away. That nobody is there is an answer.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ...actors.base import get_logger, new_task
from ...transports.streams import Endpoint
from ..facts import Candidate, FinderKind, MakeFinder
from .question import Asker, Question, parse_question

__all__ = ["KIND", "DnsFinder"]

log = get_logger("peerbus.discovery")

#: Seconds for which an answer is good, at least and at most.
SHORTEST, LONGEST = (1.0, 3600.0)
#: Seconds until the next question where no server answered, at first and at most; and for which the last answer holds.
RETRY, LAST_RETRY, STALE = (1.0, 60.0, 3600.0)


class DnsFinder:
    """As `Finder`. `source` names it in its candidates."""

    def __init__(
        self,
        question: Question,
        source: str,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
        asker: Asker | None = None,
    ) -> None:
        del node_id, network, roles, on_lost  # the name system has none of these
        self._source = source
        self._asker = Asker(question) if asker is None else asker
        self._own = frozenset(endpoint.without_peer() for endpoint in endpoints)
        self._on_found = on_found
        self._told: tuple[Endpoint, ...] = ()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> bool:
        """As `Finder.start`."""
        if not self._closed and self._task is None:
            loop = asyncio.get_running_loop()
            self._task = new_task(self._watch(), loop=loop, name=f"peerbus {self._source}")
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """As `Finder.update`: nobody hears of roles by a name server."""

    async def aclose(self) -> None:
        """As `Finder.aclose`."""
        self._closed = True
        task = self._task
        while task is not None and not task.done():
            task.cancel()  # again: where an answer comes in the same turn a cancel may be lost (Python 3.11)
            await asyncio.wait([task], timeout=0.1)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        good_until, failures = loop.time(), 0
        while not self._closed:
            try:
                answer = await self._asker.ask()
            except Exception as error:  # noqa: BLE001  # whatever a server, or a wrong resolv.conf, can bring about
                failures += 1
                if failures == 1:
                    log.warning("no name server answers", finder=self._source, error=str(error) or type(error).__name__)
                if loop.time() - good_until > STALE:
                    self._tell(())
                await asyncio.sleep(min(RETRY * 2.0 ** min(failures - 1, 16), LAST_RETRY))
                continue
            if failures:
                log.info("a name server answers again", finder=self._source, failures=failures)
            self._tell(answer.places)
            good_for = min(max(answer.ttl, SHORTEST), LONGEST)
            good_until, failures = loop.time() + good_for, 0
            await asyncio.sleep(good_for)

    def _tell(self, places: Iterable[Endpoint]) -> None:
        # Servers turn the order from answer to answer.
        others = tuple(sorted((place for place in places if place not in self._own), key=str))
        if others != self._told:
            self._told = others
            self._on_found(Candidate(None, others, source=self._source))


def _make(url: str) -> MakeFinder:
    return partial(DnsFinder, parse_question(url), url)


KIND = FinderKind(scheme="dns", make=_make)
