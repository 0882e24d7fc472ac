"""The client of a node's admin API: everything that `/openapi.json` lists, as typed calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from typing import TYPE_CHECKING

from ...actors.base import spelled
from ..api import (
    PATIENCE,
    AskAnswer,
    BanBody,
    DialBody,
    DrainBody,
    EventView,
    PartBody,
    PermissionsBody,
    RatesBody,
    RevokeBody,
    ScoreBody,
    SendBody,
    Sent,
    SizeBody,
)
from .caller import PAGE, AdminCaller, api_path
from .event_feed import FeedItem, follow_events

if TYPE_CHECKING:
    from .answers import (
        ActorView,
        BanView,
        ChannelView,
        ConnectionStatistics,
        Ledger,
        LeverResult,
        NetworkView,
        NodeOverview,
        PatternViews,
        PeerView,
        PoolView,
        RequirementView,
        StreamsView,
        WaitView,
        WorkerView,
    )

__all__ = ["AdminClient"]

# What a node tells is imported by the call that asks for it: a node is much, and some callers read only what they show.

#: Seconds that an answer is waited for beyond what the node may take.
MARGIN = 5.0


@spelled
class AdminClient(AdminCaller):
    """Look at a running node, and steer it: `async with AdminClient(await find_node("alice")) as node: …`.

    On one event loop, from as many tasks as there are. Every call raises AdminError, in one sentence: NodeNotReached,
    AnswerMalformed, or RequestRefused where the node says no. `timeout`: seconds that a call may take.
    """

    async def node(self) -> NodeOverview:
        """The node as a whole."""
        from .answers import NodeOverview

        return await self.get("/v1/node", NodeOverview)

    async def peers(self) -> tuple[PeerView, ...]:
        """All known peers, those with a node id in its order."""
        from .answers import PeerView

        return tuple(await self.listed("peers", PeerView))

    async def peer(self, node_id: str) -> PeerView:
        """One peer. RequestRefused: `unknown_peer`."""
        from .answers import PeerView

        return await self.get(api_path("peers", node_id), PeerView)

    async def connections(self) -> dict[str, ConnectionStatistics]:
        """All connections, by the names of their actors."""
        from .answers import ConnectionPage

        found: dict[str, ConnectionStatistics] = {}
        page = ConnectionPage({}, "")
        while page.next is not None:
            page = await self.get("/v1/connections", ConnectionPage, after=page.next, limit=PAGE)
            found |= page.connections
        return found

    async def channels(self) -> tuple[ChannelView, ...]:
        """The channels that the node knows, by name."""
        from .answers import ChannelView

        return await self.get("/v1/channels", tuple[ChannelView, ...])

    async def actors(self) -> tuple[ActorView, ...]:
        """All actors that run, by name."""
        from .answers import ActorView

        return tuple(await self.listed("actors", ActorView))

    async def actor(self, name: str) -> ActorView:
        """One actor. RequestRefused: `unknown_actor`."""
        from .answers import ActorView

        return await self.get(api_path("actors", name), ActorView)

    async def pools(self) -> tuple[PoolView, ...]:
        """The pools and their members, by name."""
        from .answers import PoolView

        return await self.get("/v1/pools", tuple[PoolView, ...])

    async def workers(self) -> tuple[WorkerView, ...]:
        """The other processes of the node, those of pools too."""
        from .answers import WorkerView

        return await self.get("/v1/workers", tuple[WorkerView, ...])

    async def streams(self) -> dict[str, StreamsView]:
        """The streams of the node, by channel."""
        from .answers import StreamsView

        return await self.get("/v1/streams", dict[str, StreamsView])

    async def patterns(self) -> PatternViews:
        """The gossips and singletons of the node."""
        from .answers import PatternViews

        return await self.get("/v1/patterns", PatternViews)

    async def bans(self) -> tuple[BanView, ...]:
        """The bans in force."""
        from .answers import BanView

        return await self.get("/v1/bans", tuple[BanView, ...])

    async def requirements(self) -> tuple[RequirementView, ...]:
        """What its peers together must offer, and whether they do."""
        from .answers import RequirementView

        return await self.get("/v1/requirements", tuple[RequirementView, ...])

    async def network(self) -> NetworkView:
        """Who may come in, by which rules."""
        from .answers import NetworkView

        return await self.get("/v1/network", NetworkView)

    async def reload_network(self) -> LeverResult:
        """Read the files of the network's rules anew."""
        from .answers import LeverResult

        return await self.put("/v1/network", LeverResult)

    async def revoke(self, listed: str) -> LeverResult:
        """Take a list of revoked certificates (PEM), and tell all peers."""
        from .answers import LeverResult

        return await self.post("/v1/revocations", LeverResult, RevokeBody(listed))

    async def permissions(self) -> PermissionsBody:
        """Who may tell, ask and offer what."""
        return await self.get("/v1/permissions", PermissionsBody)

    async def set_permissions(self, permissions: PermissionsBody) -> LeverResult:
        """Let peers do this from now on, and no more."""
        return await self._pull("PUT", "/v1/permissions", permissions)

    async def rates(self) -> RatesBody:
        """How much each peer may send."""
        return await self.get("/v1/rates", RatesBody)

    async def set_rates(self, rates: RatesBody) -> LeverResult:
        """Say how much each peer may send from now on."""
        return await self._pull("PUT", "/v1/rates", rates)

    async def ledger(self) -> Ledger:
        """What became of every send."""
        from .answers import Ledger

        return await self.get("/v1/ledger", Ledger)

    async def waits(self) -> tuple[WaitView, ...]:
        """Who waits for whom."""
        from .answers import WaitView

        return await self.get("/v1/waits", tuple[WaitView, ...])

    async def events(self, after: int = 0, kinds: Collection[str] = ()) -> tuple[EventView, ...]:
        """What is kept of what happened, newer than the event of that number; `kinds`: only these. See `EventView`."""
        chosen = {"kinds": ",".join(kinds)} if kinds else {}
        return await self.get("/v1/events", tuple[EventView, ...], follow="false", after=after, **chosen)

    def follow(
        self, after: int = 0, kinds: Collection[str] = (), *, resume: bool = True
    ) -> AsyncGenerator[FeedItem, None]:
        """What happened, and what happens from now on; see `follow_events`. Close it: `contextlib.aclosing`."""
        return follow_events(self, after, kinds, resume=resume)

    async def dial(self, to: str) -> LeverResult:
        """Keep a connection to an endpoint, or dial a known peer's id at once."""
        return await self._pull("POST", "/v1/dials", DialBody(to))

    async def disconnect(self, node_id: str, reason: str = "operator") -> LeverResult:
        """Part with a peer."""
        return await self._pull("DELETE", api_path("peers", node_id), PartBody(reason))

    async def ban(self, target: str, seconds: float | None = None, reason: str = "operator") -> LeverResult:
        """Ban a node id, an address or a network, None: for ever."""
        return await self._pull("PUT", api_path("bans", target), BanBody(seconds, reason))

    async def unban(self, target: str) -> LeverResult:
        """Lift a ban."""
        return await self._pull("DELETE", api_path("bans", target))

    async def forget(self, node_id: str) -> LeverResult:
        """Forget a peer, and where it is pinned."""
        return await self._pull("DELETE", api_path("pins", node_id))

    async def persist(self, endpoint: str, on: bool = True) -> LeverResult:
        """Dial an endpoint for ever and keep a slot for it, or insist on it no longer."""
        return await self._pull("PUT" if on else "DELETE", api_path("persistent", endpoint))

    async def seed(self, endpoint: str, on: bool = True) -> LeverResult:
        """Dial an endpoint when nobody else is left, or take that seed back."""
        return await self._pull("PUT" if on else "DELETE", api_path("seeds", endpoint))

    async def offer(self, capability: str) -> LeverResult:
        """Offer a capability: `archive`, or `archive{from=1000}`."""
        return await self._pull("PUT", api_path("offers", capability))

    async def withdraw(self, role: str) -> LeverResult:
        """Offer a role no longer."""
        return await self._pull("DELETE", api_path("offers", role))

    async def score(self, node_id: str, score: float | None) -> LeverResult:
        """Fix the rank of a peer; None: what it earned counts again."""
        path = api_path("peers", node_id, "score")
        if score is None:
            return await self._pull("DELETE", path)
        return await self._pull("PUT", path, ScoreBody(score))

    async def resize(self, pool: str, members: int) -> LeverResult:
        """Change how many members a pool has."""
        return await self._pull("PUT", api_path("pools", pool), SizeBody(members))

    async def drain(self, within: float = 5.0) -> LeverResult:
        """Empty the node: what is under way with peers has `within` seconds."""
        return await self._pull("PUT", "/v1/drain", DrainBody(within), timeout=within + MARGIN)

    async def undrain(self) -> LeverResult:
        """Let peers in again."""
        return await self._pull("DELETE", "/v1/drain")

    async def log_level(self, level: str) -> LeverResult:
        """Log from this level up."""
        return await self._pull("PUT", api_path("log", level))

    async def tell(
        self, to: str, kind: str, message: dict[str, object], timeout: float = PATIENCE, *, wait_for_peer: bool = False
    ) -> Sent:
        """Send a message, as the node: `kind` is the name of its type, `message` has its fields."""
        body = SendBody(to, kind, message, timeout, wait_for_peer)
        return await self.post("/v1/tell", Sent, body, timeout=timeout + MARGIN)

    async def ask(
        self, to: str, kind: str, message: dict[str, object], timeout: float = PATIENCE, *, wait_for_peer: bool = False
    ) -> object:
        """Send a message, as the node, and return the answer, as JSON has it: of several peers as `GroupAnswers`."""
        body = SendBody(to, kind, message, timeout, wait_for_peer)
        return (await self.post("/v1/ask", AskAnswer, body, timeout=timeout + MARGIN)).answer

    async def _pull(self, verb: str, path: str, body: object = None, *, timeout: float | None = None) -> LeverResult:
        from .answers import LeverResult

        return await self.send(verb, path, LeverResult, body, timeout=timeout)
