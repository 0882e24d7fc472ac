"""The contract of what finds nodes: mDNS, the finder of a simulation, whatever a program brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...actors.base import spelled
from ...transports.streams import Endpoint
from .events import Candidate

__all__ = ["Finder", "FinderKind", "MakeFinder"]


class Finder(Protocol):
    """Makes one node known to the others of its network, and finds them.

    What it finds only nominates a dial, and what it loses ends no connection: a finder is no failure detector.
    """

    async def start(self) -> bool:
        """Advertise and look around. False where this machine cannot; the node goes on without it."""

    async def update(self, roles: Iterable[str]) -> None:
        """Advertise these roles from now on."""

    async def aclose(self) -> None:
        """Say goodbye and leave nothing behind. Idempotent, safe after cancel."""


class MakeFinder(Protocol):
    """Makes the finder of a node that is about to start: what `Node(finders=…)` takes.

    `endpoints` are where others reach the node, best first. `on_found` hears of each other node of the same `network`
    and of every change of what it says, `on_lost` that it said goodbye; both are called on the event loop. `source` of
    the candidates names the finder and is its own: what one finder takes back, another one may still say. `on_lost` is
    of candidates with a node; of places without one, all that are left are said anew.
    """

    def __call__(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Finder: ...


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class FinderKind:
    """A way of finding nodes that a URL of this scheme configures, `folder:///srv/nodes`.

    A package brings one by an entry point `peerbus.finders` of the scheme's name. `make` takes the URL, which is also
    the source that the candidates name, and raises ValueError for one that is wrong.
    """

    scheme: str
    make: Callable[[str], MakeFinder]
