"""Whether a process may open as many files as a node's limits of connections ask for."""

from __future__ import annotations

from ...discovery.peer import PeerOptions
from ...transports.streams import MAX_UNJUDGED
from ..serving import Bounds
from .diagnosis import Diagnosis, ok, warning

__all__ = ["judge_descriptors", "needed_descriptors"]

#: Descriptors beside connections: the loop, logs, listeners, the book, multicast, look-ups of names, reactors' files.
BESIDE = 64
#: Connections of a node that has no limit of them.
UNLIMITED = 1_000
#: Part of its descriptors in use at which a running node is warned of.
NEARLY = 0.8

_ADVICE = "raise it: `ulimit -n {}` before the start, or LimitNOFILE={} in the unit; or lower peers.max_connected"


def needed_descriptors(options: PeerOptions) -> int:
    """Descriptors that a node takes with all its slots full, all handshakes under way and all callers there.

    Slots without a limit count as many.
    """
    connected = UNLIMITED if options.max_connected is None else options.max_connected
    slots = connected + options.max_connected_upgrade + (options.max_outgoing or 0)
    return slots + MAX_UNJUDGED + Bounds.CLIENTS + BESIDE


def judge_descriptors(limit: int, needed: int, in_use: int | None = None) -> Diagnosis:
    """`limit`: of this process, or, with what is `in_use`, of the node that runs."""
    advice = _ADVICE.format(2 * needed, 2 * needed)
    used = "" if in_use is None else f", {in_use} in use"
    text = f"{limit} may be open{used}; with every slot full about {needed} are"
    if limit < needed or (in_use is not None and in_use > NEARLY * limit):
        return warning("descriptors", text, advice)
    return ok("descriptors", text)
