"""`peerbus peers`: who is known, how each fares and why; with an id, all about one."""

from __future__ import annotations

import argparse

from ...actors.base import ConfigError, printable
from ..client import AdminClient, api_path
from .node_command import NodeCommand
from .peer_ids import connections_of, full_id, short_id, without_id
from .peer_rights import limits_of
from .shown import ShownConnection, ShownNode, ShownPeer
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import size, span

__all__ = ["PEERS"]

_COLUMNS = (
    TextColumn("PEER"),
    TextColumn("NAME", gives=2),
    TextColumn("STATE"),
    TextColumn("FOR", right=True),
    TextColumn("SCORE", right=True),
    TextColumn("RTT", right=True),
    TextColumn("DIR"),
    TextColumn("VIA", gives=2),
    TextColumn("OFFERS", gives=2),
    TextColumn("ADDRESS", gives=1),
    TextColumn("WHY NOT", gives=3),
)
_COLOURS = {"ready": Colour.GOOD, "idle": Colour.FAINT}


async def peers(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.peer == "forget":
        return await _forget(node, options, terminal)
    if options.whom is not None:
        raise ConfigError(f"{options.peer} {options.whom}: one peer at a time, or `peerbus peers forget ID`")
    if options.peer is not None:
        return await _one(node, await full_id(node, options.peer), options, terminal)
    if options.json:
        told = await node.listed("peers", dict[str, object])
        terminal.say_json([peer for peer in told if peer.get("connections") or not options.connected])
        return 0
    found = await node.listed("peers", ShownPeer)
    if options.connected:
        found = [peer for peer in found if peer.connections]
    seen, connections = await node.get("/v1/node", ShownNode), await connections_of(node, ShownConnection)
    theirs = {each.peer_id: each for each in connections.values()}
    rows = [_row(peer, theirs.get(peer.node_id or ""), seen.clock) for peer in sorted(found, key=_order)]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no peers"]))
    return 0


async def _forget(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    if options.whom is None:
        raise ConfigError("forget whom? `peerbus peers forget ID`")
    node_id = await full_id(node, options.whom)
    result = await node.forget(node_id)
    if options.json:
        terminal.say_json(result, indent=0)
    else:
        terminal.say(f"{short_id(node_id)} is forgotten: whoever answers next at its address is taken")
    return 0


def _order(peer: ShownPeer) -> tuple[bool, float, str]:
    return not peer.up, -peer.score, peer.node_id or ""


def _row(peer: ShownPeer, connection: ShownConnection | None, now: float) -> list[Cell]:
    address = str(peer.addresses[0].endpoint) if peer.addresses else ""
    state = peer.state
    return [
        short_id(peer.node_id) or "?",
        printable(connection.name) if connection else "",
        (state, _COLOURS.get(state, Colour.NOTABLE)),
        "" if peer.up_since is None else span(max(0.0, now - peer.up_since), short=True),
        f"{peer.score:.{1 if abs(peer.score) < 99.95 else 0}f}",
        span(connection.rtt if connection else None, short=True),
        "" if peer.direction is None else "out" if peer.direction == "dialed" else "in",
        printable(connection.remote.partition("://")[0]) if connection else "",
        ", ".join(peer.offers if peer.offers is not None else (f"{role}?" for role in peer.roles)),
        address,
        _why_not(peer, now),
    ]


def _why_not(peer: ShownPeer, now: float) -> str:
    """Why it is not connected."""
    if peer.connections:
        return ""
    waits = (
        f"again in {span(peer.retry_at - now, short=True)}" if peer.retry_at is not None and peer.retry_at > now else ""
    )
    return ", ".join(filter(None, (peer.inactive or peer.last_reason, waits)))


async def _one(node: AdminClient, node_id: str, options: argparse.Namespace, terminal: Terminal) -> int:
    path = api_path("peers", node_id)
    if options.json:
        all_ = await connections_of(node, dict[str, object])
        own = {name: each for name, each in all_.items() if each["peer_id"] == node_id}
        terminal.say_json({"peer": await node.get(path, object), "connections": own})
        return 0
    peer = await node.get(path, ShownPeer)
    connections = [each for each in (await connections_of(node, ShownConnection)).values() if each.peer_id == node_id]
    now = (await node.get("/v1/node", ShownNode)).clock
    kept = [word for word in ("persistent", "unconditional", "private", "seed") if getattr(peer, word)]
    why = ", ".join(f"{points:+.1f} {reason}" for reason, points in peer.why)
    rows = [
        ("name", connections[0].name if connections else ""),
        ("state", ", ".join([peer.state, *kept])),
        ("why not", _why_not(peer, now)),
        ("up for", "" if peer.up_since is None else span(now - peer.up_since)),
        (
            "score",
            f"{peer.score:.1f}" + (" (fixed)" if peer.fixed_score is not None else "") + (f": {why}" if why else ""),
        ),
        ("offers", "" if peer.offers is None else ", ".join(peer.offers) or "nothing"),
        ("claims", ", ".join(peer.roles)),
        ("unproven", ", ".join(peer.disbelieved)),
        ("told by", peer.told_by or ""),
        ("failures", str(peer.failures) if peer.failures else ""),
    ]
    lines = [f"peer {terminal.paint(node_id, Colour.HEAD)}", *(f"  {n:<9} {printable(t)}" for n, t in rows if t)]
    if peer.addresses:
        columns = (TextColumn("ADDRESS", gives=1), TextColumn("KNOWN BY"), TextColumn("FAILURES", right=True))
        cells: list[list[Cell]] = [
            [str(each.endpoint), ", ".join(each.sources), str(each.failures or "")] for each in peer.addresses
        ]
        lines += ["", *table_lines(terminal, columns, cells)]
    for each in connections:
        lines += ["", *_connection(terminal, each)]
    terminal.say(*lines)
    return 0


_LANES = (
    TextColumn("CHANNEL", gives=1),
    TextColumn("QUEUED", right=True),
    TextColumn("WAITING", right=True),
    TextColumn("CREDIT", right=True),
    TextColumn("CREDIT BYTES", right=True),
)


def _connection(terminal: Terminal, each: ShownConnection) -> list[str]:
    way = "dialed" if each.dialed else "accepted"
    safe = "" if each.secure else ", not encrypted"
    head = (
        f"connection {way}, {printable(without_id(each.remote))}{safe}, round trip {span(each.rtt) or 'not known yet'}"
    )
    sizes = (
        f"  {size(each.bytes_received)} received, {size(each.bytes_sent)} sent, {each.asks_in_flight} asks under way"
    )
    rows: list[list[Cell]] = [
        [name, str(lane.queued), str(lane.waiting), str(lane.credit_messages), size(lane.credit_bytes)]
        for name, lane in sorted(each.lanes.items())
    ]
    return [head, sizes, *_rules(each), *table_lines(terminal, _LANES, rows)]


def _rules(each: ShownConnection) -> list[str]:
    """What this node's rules refuse the peer, and hold it to; and what the peer's refuse this node."""
    lines = [*map(printable, limits_of(each))]
    for name, rate in sorted(each.rates.items()):
        held = f", held back for {span(rate.stood)}" if rate.stood else ""
        lines.append(f"  on {printable(name)} {rate.rate}{held}")
    return lines


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "peer", metavar="ID", nargs="?", help="all about this peer: the first digits are enough; or its name"
    )
    parser.add_argument("whom", metavar="ID", nargs="?", help="after `forget`: that peer is forgotten, as see below")
    parser.add_argument("--connected", action="store_true", help="only those that are connected")


PEERS = NodeCommand(
    peers,
    _arguments,
    "peerbus peers\npeerbus peers 3f2a91\npeerbus peers bob\npeerbus peers forget 3f2a91\n"
    "peerbus peers --json | jq '.[] | select(.up) | .node_id'",
    "NAME is what a connected peer calls itself, which nobody proves: where two have one name, none is guessed.\n"
    "FOR is how long a peer has been up, DIR which side has dialed (in, out). A role with a question mark is claimed\n"
    "by a finder and not proven. Of one peer: `unproven` are claims that this node's rules do not believe, and each\n"
    "connection says what it may not do here, and what it does not let this node do. WHY NOT says why a peer is not\n"
    "connected.\n"
    "`forget`: a peer that is not connected is forgotten, and that it is the one that is taken at an address without\n"
    "an id, where it answered first (as in ssh's known_hosts): for a node that was replaced by one with another id.",
)
