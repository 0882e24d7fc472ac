"""What the API shows of a node: the routes that only look."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.actor_page import ORDERS, ActorPage, ActorView, view_of_actor
from ...actors.base import wall_clock
from ...actors.mailbox import Ledger
from ...actors.pool_view import PoolView
from ...actors.sends import WaitView
from ...discovery.mind import BanView, PeerPage, PeerView, RequirementView
from ...discovery.peer import PeerState
from ...node.network import NetworkView
from ...node.views import NodeSnapshot, NodeViews, StreamsView
from ...node.workers import WorkerView
from ...patterns.pattern_views import PatternViews
from ..api import (
    ApiAnswer,
    ApiError,
    ApiRequest,
    ChannelView,
    ConnectionPage,
    NodeOverview,
    Readiness,
    readiness_of,
)
from .route import ApiRoute, QueryField

__all__ = ["LOOKING", "channels_of", "overview_of"]

#: Most that one page lists.
LARGEST = 1_000
PAGES = (
    QueryField("after", "where the page begins: `next` of the page before", {"type": "string", "default": ""}),
    QueryField(
        "limit", "how many it has at most", {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": 100}
    ),
)
_STATES = tuple(state.value for state in PeerState)


async def livez(_node: NodeViews, _request: ApiRequest) -> ApiAnswer:
    """The loop comes round."""
    return ApiAnswer(200, b"ok\n", "text/plain; charset=utf-8")


async def readyz(node: NodeViews, _request: ApiRequest) -> ApiAnswer:
    """Whether it can be counted on."""
    found = readiness_of(node)
    return ApiAnswer.of(found, 200 if found.ready else 503)


async def overview(node: NodeViews, _request: ApiRequest) -> NodeOverview:
    """The node as a whole."""
    return overview_of(node, node.snapshot())


def overview_of(node: NodeViews, seen: NodeSnapshot) -> NodeOverview:
    """The node as a whole, of a snapshot of it."""
    return NodeOverview(
        seen.name,
        seen.node_id,
        seen.network,
        node.version,
        seen.endpoints,
        seen.offers,
        readiness_of(node),
        seen.peers.states,
        seen.peers.ready,
        seen.actors.running,
        seen.actors.restarts,
        seen.actors.dead_letters,
        seen.carried,
        seen.loop_lag,
        seen.process,
        seen.peers.refused,
        seen.peers.failed,
        seen.peers.clock_offset,
        seen.mdns,
        wall_clock(),
        seen.book,
    )


async def peers(node: NodeViews, request: ApiRequest) -> PeerPage:
    """Known peers."""
    said = request.query.get("state")
    if said is not None and said not in _STATES:
        raise ApiError(400, "malformed", f"state is {said[:40]!r}; write {', '.join(_STATES)}")
    state = None if said is None else PeerState(said)
    after, match = request.query.get("after", ""), request.query.get("match", "")
    return node.peers_page(after, _limit(request), match=match, state=state)


async def peer(node: NodeViews, request: ApiRequest) -> PeerView:
    """One peer."""
    found = node.peer(request.path["id"])
    if found is None:
        raise ApiError(404, "unknown_peer", f"{request.path['id'][:80]} is no peer that this node knows")
    return found


async def connections(node: NodeViews, request: ApiRequest) -> ConnectionPage:
    """Connections."""
    limit = _limit(request)
    found = node.connections(request.query.get("after", ""), limit + 1)
    names = list(found)
    more = len(names) > limit
    return ConnectionPage({name: found[name] for name in names[:limit]}, names[limit - 1] if more else None)


async def channels(node: NodeViews, _request: ApiRequest) -> tuple[ChannelView, ...]:
    """Channels that this node knows."""
    return channels_of(node, node.snapshot())


def channels_of(node: NodeViews, whole: NodeSnapshot) -> tuple[ChannelView, ...]:
    """Channels that this node knows, of a snapshot of it."""
    seen, ledger, oldest = whole.actors, whole.ledger, whole.oldest
    sides = (ledger.local, ledger.remote, ledger.arrived, ledger.astray)
    known = dict.fromkeys([*node.bus.channels, *seen.channels, *(name for side in sides for name in side)])
    return tuple(
        ChannelView(
            name,
            tuple(each.__name__ for each in node.bus.channels[name].messages) if name in node.bus.channels else (),
            seen.channels.get(name),
            oldest.mailboxes.get(name),
            oldest.lanes.get(name),
            seen.handling.get(name),
            seen.staying.get(name),
            ledger.local.get(name),
            ledger.remote.get(name),
            ledger.arrived.get(name),
            ledger.astray.get(name),
            name not in node.bus.channels or not node.bus.channels[name].local,
        )
        for name in sorted(known)
    )


async def actors(node: NodeViews, request: ApiRequest) -> ActorPage:
    """Actors that run."""
    order = request.query.get("order", "name")
    if order not in ("name", *ORDERS):
        raise ApiError(400, "malformed", f"order is {order[:40]!r}; write {', '.join(ORDERS)} or name")
    match = request.query.get("match", "")
    after = request.query.get("after", "")
    return node.actors(after, _limit(request), match=match, order="" if order == "name" else order)


async def actor(node: NodeViews, request: ApiRequest) -> ActorView:
    """One actor."""
    cell = node.bus.cell(request.path["name"])
    if cell is None:
        raise ApiError(404, "unknown_actor", f"no actor is called {request.path['name'][:80]!r} here")
    return view_of_actor(cell)


async def pools(node: NodeViews, _request: ApiRequest) -> tuple[PoolView, ...]:
    """Pools and their members."""
    return node.bus.actors.pool_views()


async def pool(node: NodeViews, request: ApiRequest) -> PoolView:
    """One pool."""
    look = node.bus.actors.pools.get(request.path["name"])
    if look is None:
        raise ApiError(404, "unknown_pool", f"no pool is called {request.path['name'][:80]!r} here")
    return look()


async def workers(node: NodeViews, _request: ApiRequest) -> tuple[WorkerView, ...]:
    """Its other processes."""
    return node.workers()


async def streams(node: NodeViews, _request: ApiRequest) -> Mapping[str, StreamsView]:
    """Streams, by channel."""
    return node.snapshot(LARGEST, mailboxes=0).streams


async def patterns(node: NodeViews, _request: ApiRequest) -> PatternViews:
    """Gossips and singletons."""
    return node.patterns()


async def bans(node: NodeViews, _request: ApiRequest) -> tuple[BanView, ...]:
    """Bans in force."""
    return node.overview().bans


async def requirements(node: NodeViews, _request: ApiRequest) -> tuple[RequirementView, ...]:
    """What its peers together must offer, and whether they do."""
    return node.overview().requirements


async def network(node: NodeViews, _request: ApiRequest) -> NetworkView:
    """Who may come in."""
    return node.network_view()


async def ledger(node: NodeViews, _request: ApiRequest) -> Ledger:
    """What became of every send."""
    return node.bus.ledger()


async def waits(node: NodeViews, _request: ApiRequest) -> tuple[WaitView, ...]:
    """Who waits for whom."""
    return node.waits()


def _limit(request: ApiRequest) -> int:
    return request.number("limit", 100, low=1, high=LARGEST)


LOOKING = (
    ApiRoute("GET", "/livez", livez, "The node's event loop comes round.", media="text/plain; charset=utf-8"),
    ApiRoute(
        "GET",
        "/readyz",
        readyz,
        "Whether the node can be counted on, and why not.",
        Readiness,
        fails={503: "It is not ready."},
    ),
    ApiRoute("GET", "/v1/node", overview, "The node as a whole.", NodeOverview),
    ApiRoute(
        "GET",
        "/v1/peers",
        peers,
        "The known peers, in pages.",
        PeerPage,
        query=(
            *PAGES,
            QueryField(
                "match", "only those that have it in name, id, roles or addresses", {"type": "string", "default": ""}
            ),
            QueryField("state", "only those that are in it", {"enum": list(_STATES)}),
        ),
    ),
    ApiRoute("GET", "/v1/peers/{id}", peer, "One peer.", PeerView, fails={404: "It is not known."}),
    ApiRoute("GET", "/v1/connections", connections, "The connections, in pages.", ConnectionPage, query=PAGES),
    ApiRoute("GET", "/v1/channels", channels, "The channels that this node knows.", tuple[ChannelView, ...]),
    ApiRoute(
        "GET",
        "/v1/actors",
        actors,
        "The actors that run, in pages.",
        ActorPage,
        query=(
            *PAGES,
            QueryField("match", "only those that have it in their names", {"type": "string", "default": ""}),
            QueryField(
                "order",
                "by `name` in pages; or those that are foremost by another, with no page behind them",
                {"enum": ["name", *ORDERS], "default": "name"},
            ),
        ),
    ),
    ApiRoute("GET", "/v1/actors/{name}", actor, "One actor.", ActorView, fails={404: "No actor has that name."}),
    ApiRoute("GET", "/v1/pools", pools, "The pools and their members.", tuple[PoolView, ...]),
    ApiRoute("GET", "/v1/pools/{name}", pool, "One pool.", PoolView, fails={404: "No pool has that name."}),
    ApiRoute(
        "GET", "/v1/workers", workers, "The other processes of the node, those of pools too.", tuple[WorkerView, ...]
    ),
    ApiRoute("GET", "/v1/streams", streams, "The streams of the node, by channel.", dict[str, StreamsView]),
    ApiRoute("GET", "/v1/patterns", patterns, "The gossips and singletons of the node.", PatternViews),
    ApiRoute("GET", "/v1/bans", bans, "The bans in force.", tuple[BanView, ...]),
    ApiRoute("GET", "/v1/requirements", requirements, "What peers must offer.", tuple[RequirementView, ...]),
    ApiRoute("GET", "/v1/network", network, "Who may come in, by which rules.", NetworkView),
    ApiRoute("GET", "/v1/ledger", ledger, "What became of every send, by channel and side.", Ledger),
    ApiRoute("GET", "/v1/waits", waits, "The wait-for graph: sends that handlers stand in.", tuple[WaitView, ...]),
)
