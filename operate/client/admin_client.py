"""The client of a node's admin API: everything that `/openapi.json` lists, as typed calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection

from ...actors.actor_page import ActorPage, ActorView
from ...actors.mailbox import Ledger
from ...actors.sends import WaitView
from ...discovery.mind import BanView, LeverResult, PeerPage, PeerView, RequirementView
from ...transports.connection import ConnectionStatistics
from ..api import (
    PATIENCE,
    AskAnswer,
    BanBody,
    ChannelView,
    ConnectionPage,
    DialBody,
    DrainBody,
    EventView,
    NodeOverview,
    PartBody,
    ScoreBody,
    SendBody,
    Sent,
)
from .caller import AdminCaller, api_path
from .event_feed import FeedItem, follow_events

__all__ = ["AdminClient"]

#: Entries that a page is asked for.
PAGE = 500
#: Seconds that an answer is waited for beyond what the node may take.
MARGIN = 5.0


class AdminClient(AdminCaller):
    """Look at a running node, and steer it: `async with AdminClient(await find_node("alice")) as node: …`.

    On one event loop, from as many tasks as there are. Every call raises AdminError, in one sentence: NodeNotReached,
    AnswerMalformed, or RequestRefused where the node says no. `timeout`: seconds that a call may take.
    """

    async def node(self) -> NodeOverview:
        """The node as a whole."""
        return await self.get("/v1/node", NodeOverview)

    async def peers(self) -> tuple[PeerView, ...]:
        """All known peers, those with a node id in its order."""
        found: list[PeerView] = []
        page = PeerPage((), "")
        while page.next is not None:
            page = await self.get("/v1/peers", PeerPage, after=page.next, limit=PAGE)
            found += page.peers
        return tuple(found)

    async def peer(self, node_id: str) -> PeerView:
        """One peer. RequestRefused: `unknown_peer`."""
        return await self.get(api_path("peers", node_id), PeerView)

    async def connections(self) -> dict[str, ConnectionStatistics]:
        """All connections, by the names of their actors."""
        found: dict[str, ConnectionStatistics] = {}
        page = ConnectionPage({}, "")
        while page.next is not None:
            page = await self.get("/v1/connections", ConnectionPage, after=page.next, limit=PAGE)
            found |= page.connections
        return found

    async def channels(self) -> tuple[ChannelView, ...]:
        """The channels that the node knows, by name."""
        return await self.get("/v1/channels", tuple[ChannelView, ...])

    async def actors(self) -> tuple[ActorView, ...]:
        """All actors that run, by name."""
        found: list[ActorView] = []
        page = ActorPage((), "")
        while page.next is not None:
            page = await self.get("/v1/actors", ActorPage, after=page.next, limit=PAGE)
            found += page.actors
        return tuple(found)

    async def actor(self, name: str) -> ActorView:
        """One actor. RequestRefused: `unknown_actor`."""
        return await self.get(api_path("actors", name), ActorView)

    async def bans(self) -> tuple[BanView, ...]:
        """The bans in force."""
        return await self.get("/v1/bans", tuple[BanView, ...])

    async def requirements(self) -> tuple[RequirementView, ...]:
        """What its peers together must offer, and whether they do."""
        return await self.get("/v1/requirements", tuple[RequirementView, ...])

    async def ledger(self) -> Ledger:
        """What became of every send."""
        return await self.get("/v1/ledger", Ledger)

    async def waits(self) -> tuple[WaitView, ...]:
        """Who waits for whom."""
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
        return await self.post("/v1/dials", LeverResult, DialBody(to))

    async def disconnect(self, node_id: str, reason: str = "operator") -> LeverResult:
        """Part with a peer."""
        return await self.delete(api_path("peers", node_id), LeverResult, PartBody(reason))

    async def ban(self, target: str, seconds: float | None = None, reason: str = "operator") -> LeverResult:
        """Ban a node id, an address or a network, None: for ever."""
        return await self.put(api_path("bans", target), LeverResult, BanBody(seconds, reason))

    async def unban(self, target: str) -> LeverResult:
        """Lift a ban."""
        return await self.delete(api_path("bans", target), LeverResult)

    async def forget(self, node_id: str) -> LeverResult:
        """Forget a peer, and where it is pinned."""
        return await self.delete(api_path("pins", node_id), LeverResult)

    async def persist(self, endpoint: str, on: bool = True) -> LeverResult:
        """Dial an endpoint for ever and keep a slot for it, or insist on it no longer."""
        return await self.send("PUT" if on else "DELETE", api_path("persistent", endpoint), LeverResult)

    async def seed(self, endpoint: str, on: bool = True) -> LeverResult:
        """Dial an endpoint when nobody else is left, or take that seed back."""
        return await self.send("PUT" if on else "DELETE", api_path("seeds", endpoint), LeverResult)

    async def offer(self, capability: str) -> LeverResult:
        """Offer a capability: `archive`, or `archive{from=1000}`."""
        return await self.put(api_path("offers", capability), LeverResult)

    async def withdraw(self, role: str) -> LeverResult:
        """Offer a role no longer."""
        return await self.delete(api_path("offers", role), LeverResult)

    async def score(self, node_id: str, score: float | None) -> LeverResult:
        """Fix the rank of a peer; None: what it earned counts again."""
        path = api_path("peers", node_id, "score")
        if score is None:
            return await self.delete(path, LeverResult)
        return await self.put(path, LeverResult, ScoreBody(score))

    async def drain(self, within: float = 5.0) -> LeverResult:
        """Empty the node: what is under way with peers has `within` seconds."""
        return await self.send("PUT", "/v1/drain", LeverResult, DrainBody(within), timeout=within + MARGIN)

    async def undrain(self) -> LeverResult:
        """Let peers in again."""
        return await self.delete("/v1/drain", LeverResult)

    async def log_level(self, level: str) -> LeverResult:
        """Log from this level up."""
        return await self.put(api_path("log", level), LeverResult)

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
