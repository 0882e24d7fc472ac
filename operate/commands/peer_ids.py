"""Peers as people name them: the first digits of an id are enough where they fit one peer."""

from __future__ import annotations

import re

import msgspec

from ...actors.base import ConfigError, is_node_id
from ..client import AdminClient, RequestRefused

__all__ = ["SHOWN", "full_id", "short_id", "without_id"]

#: Digits of an id that tables show.
SHOWN = 10
#: Digits that are needed at least: with fewer a mistake is likely to fit somebody.
FEWEST = 4

_DIGITS = re.compile(r"[0-9a-f]{1,64}")
_WITH_ID = re.compile(r"^([a-z][a-z0-9+.-]*://)[0-9a-f]{64}@")


class _Known(msgspec.Struct, frozen=True):
    node_id: str | None


def short_id(node_id: str | None) -> str:
    """The first digits of an id."""
    return (node_id or "")[:SHOWN]


def without_id(endpoint: str) -> str:
    """An endpoint without the node id in it: `tcp://10.0.0.2:7400`."""
    return _WITH_ID.sub(r"\1", endpoint)


async def full_id(node: AdminClient, text: str) -> str:
    """The id of the known peer that these are the first digits of; a whole id as it is.

    Raises ConfigError where they are no digits of an id, RequestRefused where they fit no peer, or several.
    """
    text = text.strip().lower().rstrip("…")
    if is_node_id(text):
        return text
    if not _DIGITS.fullmatch(text) or len(text) < FEWEST:
        raise ConfigError(f"{text[:80]!r} is no id of a peer: 64 hex digits, or the first of them, at least {FEWEST}")
    found = sorted(
        {peer.node_id for peer in await node.listed("peers", _Known) if peer.node_id and peer.node_id.startswith(text)}
    )
    if len(found) != 1:
        problem = f"fits {len(found)} peers: {', '.join(found[:3])}" if found else "is no peer that this node knows"
        raise RequestRefused(f"{text} {problem}", status=404, reason="unknown_peer")
    return found[0]
