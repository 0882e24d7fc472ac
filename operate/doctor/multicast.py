"""What multicast DNS brings at each interface, and why it may bring nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...actors.base import nearest
from ...discovery.mdns import Hearing, hear
from .diagnosis import Diagnosis, failed, ok, warning

__all__ = ["judge_hearing", "look_at_multicast"]

_SILENT = (
    "start the others, or see that they are on this LAN and in this network; where multicast does not pass "
    "(Wi-Fi with client isolation, clouds, container bridges) name them: [peers] seeds"
)
_NO_ECHO = "let UDP port 5353 in and out on this interface; without multicast name them: [peers] seeds"
#: Other networks that are named.
NAMED = 4


async def look_at_multicast(
    interfaces: Sequence[str] | None, network: str | None, own: frozenset[str], *, seconds: float
) -> list[Diagnosis]:
    """Listen for so long, and judge; see `judge_hearing`."""
    try:
        heard = await hear(interfaces, seconds=seconds)
    except OSError as error:
        where = "no interface" if interfaces is None else ", ".join(interfaces)
        advice = "plug it in, name another in [discovery] interfaces, or write mdns = false and name the peers"
        return [failed("mdns", f"{where}: {error.strerror or error}", advice)]
    return judge_hearing(heard, network, own)


def judge_hearing(heard: Sequence[Hearing], network: str | None, own: frozenset[str]) -> list[Diagnosis]:
    """One diagnosis for each address, or for each interface that has one. `own`: ids that are this machine's nodes.

    `network` None: nobody in particular is looked for. Loopback is told only where it is all there is, or somebody is
    there.
    """
    outside = [each for each in heard if not each.at.ip.is_loopback]
    shown = [each for each in heard if each in outside or not outside or _others(each, network, own)]
    found_somewhere = any(_others(each, network, own) for each in heard)
    return [_judge(each, network, own, found_somewhere) for each in shown]


def _others(one: Hearing, network: str | None, own: frozenset[str]) -> int:
    return sum(node.network == network or network is None for node in one.nodes if node.node_id not in own)


def _judge(one: Hearing, network: str | None, own: frozenset[str], found_somewhere: bool) -> Diagnosis:
    about = f"mdns {one.at.interface} {one.at.host}"
    if one.problem:
        return failed(about, f"multicast cannot be sent there: {one.problem}", _NO_ECHO)
    if not one.echo:
        return failed(about, "what is multicast there does not come back: something drops it", _NO_ECHO)
    count = _others(one, network, own)
    if network is None:
        networks = Counter(node.network for node in one.nodes)
        said = ", ".join(f"{many} of {name!r}" for name, many in sorted(networks.items())[:NAMED])
        return ok(about, f"heard: {said}" if networks else "works, and no node is heard")
    others = Counter(node.network for node in one.nodes if node.network != network)
    named = ", ".join(f"{name!r} ({many})" for name, many in others.most_common(NAMED))
    also = f"; of other networks: {named}" if others else ""
    here = " beside this one" if any(node.node_id in own for node in one.nodes) else ""
    if count:
        return ok(about, f"{count} of network {network!r} heard{here}{also}")
    close = nearest(network, others)
    text = f"works, and nobody{' else' if here else ''} of network {network!r} is heard{also}"
    if found_somewhere:
        return ok(about, text)
    advice = f"is network = {close!r} meant? nodes talk to nodes of the same name" if close else _SILENT
    return warning(about, text, advice)
