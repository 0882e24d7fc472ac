"""What a running node says of itself that is not as it should be."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...actors.base import NotAllowed
from ...discovery.records import MAX_SKEW
from ...discovery.shell import NarrowPath
from ...transports.connection import ConnectionStatistics
from ...transports.streams import Endpoint
from ..api import NodeOverview
from .descriptors import judge_descriptors
from .diagnosis import Diagnosis, failed, ok, warning

__all__ = ["advice_for", "judge_running"]

#: Seconds between calendars that nobody needs to know of.
CLOCKS_AGREE = 2.0
#: Of fewer peers nobody knows whose calendar is wrong.
FEWEST_CLOCKS = 3
#: Lines about what permissions refuse here, and there.
_MOST_RIGHTS = 16
#: Seconds for which one handler may have kept all others waiting.
LAG = 0.5

_SET_CLOCK = "set the clock: `timedatectl set-ntp true`, or what keeps time here"
_NARROW = (
    "the path drops large packets without a word: let ICMP pass (type 3 code 4, ICMPv6 type 2), set "
    "net.ipv4.tcp_mtu_probing = 1, or lower the MTU of the interface to the tunnel's"
)
#: What a reason for which a dial came to nothing, or somebody was not let in, asks for; others are no fault.
_BY_REASON: Mapping[str, str] = {
    "unreachable": "see that they run, and that no firewall is between: `peerbus doctor CONFIG` tries those it names",
    "network": "nodes of other networks share a place: name the right one, network = …",
    "version": "they speak another version of the protocol: upgrade the older nodes",
    "node_id": "another node is there than the one that is named: take its id out of the endpoint, or put the right in",
    "certificate": "they have no certificate that counts in this network: peerbus ca issue, then peerbus network",
    "tls": "what is there speaks no TLS, or breaks it off: is it a node?",
    "magic": "what is there is no node: see what listens at the endpoints that are named",
    "timeout": "they take connections and do not answer: they stand still, or the path drops packets",
    "narrow": _NARROW,
    "full": "their slots, or this node's, are full: raise peers.max_connected",
    "rate": "one address opens too many connections: limits.arrivals_per_address",
    "banned": "`peerbus unban ID` where that is not meant",
    "not_allowed": "the refusing side's list lacks the other's id: [network] allow, then peerbus network --reload",
    "network_key": "the two have different keys: copy one file to both, see peerbus network",
    "network_policy": "one side asks for a key or a certificate, the other does not: compare [network] of both",
    "expired": "a certificate's time is over: peerbus ca renew, then peerbus network --reload on that node",
    "revoked": "the authority has revoked that certificate: peerbus ca issue, where that is not meant",
    "unproven": "this network goes by ids, and the carrier proves none: use TLS",
}

#: What whoever knocks may bring about, and nobody here can mend.
_OF_ANYBODY = frozenset({"tls", "magic", "timeout", "node_id"})


def judge_running(
    seen: NodeOverview,
    connections: Iterable[ConnectionStatistics] = (),
    *,
    needed: int,
    now: float | None = None,
) -> list[Diagnosis]:
    """All of it, also of its connections. `needed`: descriptors with every slot full; `now`: seconds since 1970."""
    found = [_node(seen), *_readiness(seen), *_book(seen), _clock(seen)]
    found += [_narrow(path, time.time() if now is None else now) for path in seen.carried.narrow]
    connections = tuple(connections)
    found += [_narrow_now(each) for each in connections if each.narrow]
    found += _rights(connections)
    found += _reasons("dials in vain", seen.failed)
    refused = {word: times for word, times in seen.refused.items() if word not in _OF_ANYBODY}
    found += _reasons("not let in", refused)
    found.append(judge_descriptors(seen.process.max_fds, needed, seen.process.open_fds))
    found += _lag(seen)
    return found


def advice_for(reason: str) -> str:
    """What a reason for which a dial came to nothing asks for; "" where that is nothing."""
    return _BY_REASON.get(reason, "")


def _node(seen: NodeOverview) -> Diagnosis:
    text = f"{seen.name} {seen.node_id[:12]} runs (pid {seen.process.pid}) in network {seen.network}"
    if seen.connected:
        return ok("node", f"{text}, with {seen.connected} peer{'s' if seen.connected > 1 else ''}")
    known = sum(seen.peers.values())
    advice = "see below what is heard and reached" if known else "nobody was found: see mdns, peers and seeds below"
    return warning("node", f"{text}, connected to nobody; {known} known", advice)


def _readiness(seen: NodeOverview) -> Iterator[Diagnosis]:
    for why in seen.ready.why_not:
        match why.reason:
            case "requirement":
                yield failed("requirement", why.text, "start nodes that offer it, or ask for fewer: peers.require")
            case "draining":
                yield warning("draining", why.text, "`peerbus undrain` lets peers in again")
            case _:
                yield warning(why.reason, why.text, "wait for its end")


def _book(seen: NodeOverview) -> Iterator[Diagnosis]:
    if seen.book is None:
        return
    times = f"{seen.book.failures} writes have failed since the start"
    if seen.book.error:
        text = f"the node cannot write it ({seen.book.error}); {times}"
        yield failed("book", text, "make room or give the right: bans and peers are forgotten when the node stops")
    elif seen.book.failures:
        yield warning("book", f"the node writes it again, but {times}", "look at the disk: its log says why")
    else:
        yield ok("book", "the node writes it")


def _clock(seen: NodeOverview) -> Diagnosis:
    offset = seen.clock_offset
    if offset is None:
        return ok("clock", "no connected peer has told its time, or most of them differ")
    if abs(offset) < CLOCKS_AGREE:
        return ok("clock", f"within {max(abs(offset), 0.001):.3f} s of its peers'")
    whose = "this machine's clock" if seen.connected >= FEWEST_CLOCKS else "this machine's clock, or its peers',"
    text = f"{_span(offset)} {'behind' if offset > 0 else 'ahead of'} its peers' (the median)"
    if abs(offset) <= MAX_SKEW:
        return warning("clock", text, f"{whose} is wrong: {_SET_CLOCK}")
    return failed("clock", f"{text}: records that it signs or reads are refused", f"{whose} is wrong: {_SET_CLOCK}")


def _narrow(path: NarrowPath, now: float) -> Diagnosis:
    times = "once" if path.times == 1 else f"{path.times} times"
    place = Endpoint.parse(path.remote).without_peer()
    text = (
        f"to {path.peer_id[:12]} at {place}: small frames were answered, large ones were not, {times}, "
        f"last {_span(now - path.last)} ago"
    )
    return warning("narrow path", text, _NARROW)


def _narrow_now(connection: ConnectionStatistics) -> Diagnosis:
    place = Endpoint.parse(connection.remote).without_peer()
    text = f"to {connection.peer_id[:12]} at {place}: large frames go again and again, and small ones are answered"
    return warning("narrow path", text, _NARROW)


def _rights(connections: Iterable[ConnectionStatistics]) -> Iterator[Diagnosis]:
    """What permissions refuse, by what it is and how many peers that concerns: they may be many."""
    here: Counter[str] = Counter()
    there: dict[str, list[str]] = {}
    tried: Counter[str] = Counter()
    for each in connections:
        here.update(f"{' or '.join(verbs)} on {name}" for name, verbs in each.refused.items())
        for name, lane in each.lanes.items():
            what = f"{' or '.join(lane.not_allowed) or 'send'} on {name}"
            count = lane.failed.get(NotAllowed.reason, 0) + lane.undone.get(NotAllowed.reason, 0)
            if lane.not_allowed or count:
                there.setdefault(what, []).append(each.peer_id[:12])
                tried[what] += count
    for what, count in sorted(here.items())[:_MOST_RIGHTS]:
        yield ok(
            "permissions", f"{count} connected peer{'s' * (count > 1)} may not {what} here, as this node's rules say"
        )
    for what, peers in sorted(there.items())[:_MOST_RIGHTS]:
        those = ", ".join([*peers[:3], *["…"] * (len(peers) > 3)])
        text = f"{those} {'do' if len(peers) > 1 else 'does'} not let this node {what}"
        if tried[what]:
            advice = (
                "not_allowed: ask who runs them to let this node, or send it to others: peerbus permissions --peer ID"
            )
            yield warning("permissions", f"{text}, and this one has tried {tried[what]} times", advice)
        else:
            yield ok("permissions", text)


def _reasons(about: str, counts: Mapping[str, int]) -> Iterator[Diagnosis]:
    for reason, times in sorted(counts.items(), key=lambda item: -item[1]):
        if advice := _BY_REASON.get(reason):
            yield warning(about, f"{reason}: {times} since the start", advice)


def _lag(seen: NodeOverview) -> Iterator[Diagnosis]:
    if seen.loop_lag.worst >= LAG:
        text = f"a handler has held the event loop for {_span(seen.loop_lag.worst)} within the last minute"
        yield warning("loop", text, "the events name it: HandlerStalled, with its stack; give it a thread")


def _span(seconds: float) -> str:
    seconds = abs(seconds)
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.1f} s"
