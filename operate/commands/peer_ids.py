"""Peers as people name them: the first digits of an id, or a name, are enough where they fit one peer."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from ...actors.base import ConfigError, did_you_mean, is_node_id, printable
from ..client import PAGE, AdminClient, RequestRefused
from .shown import ShownPage

__all__ = ["SHOWN", "connections_of", "full_id", "short_id", "without_id"]

T = TypeVar("T")

#: Names that an error lists.
MOST_NAMES = 10
#: Digits of an id that tables show.
SHOWN = 10
#: Digits that are needed at least: with fewer a mistake is likely to fit somebody.
FEWEST = 4

_DIGITS = re.compile(r"[0-9a-f]{1,64}")
_WITH_ID = re.compile(r"^([a-z][a-z0-9+.-]*://)[0-9a-f]{64}@")


class _Known(msgspec.Struct, frozen=True):
    node_id: str | None


class _Connected(msgspec.Struct, frozen=True):
    peer_id: str
    name: str = ""


def short_id(node_id: str | None) -> str:
    """The first digits of an id."""
    return (node_id or "")[:SHOWN]


def without_id(endpoint: str) -> str:
    """An endpoint without the node id in it: `tcp://10.0.0.2:7400`."""
    return _WITH_ID.sub(r"\1", endpoint)


async def connections_of(node: AdminClient, kind: type[T]) -> dict[str, T]:
    """All connections of a node, by the names of their actors."""
    found: dict[str, T] = {}
    after: str | None = ""
    while after is not None:
        page = await node.get("/v1/connections", ShownPage, after=after, limit=PAGE)
        found |= msgspec.convert(page.connections, dict[str, kind])  # type: ignore[valid-type]  # it is one
        after = page.next
    return found


async def full_id(node: AdminClient, said: str) -> str:
    """The id of the one peer that is meant: a whole id as it is, the first digits of one that the node knows, or the
    name of one that is connected. A name is what the peer calls itself; where it fits several, none of them is guessed.

    Raises ConfigError for what is neither, RequestRefused where it fits no peer, or several.
    """
    said = said.strip()
    text = said.lower().rstrip("…")
    if is_node_id(text):
        return text
    digits = len(text) >= FEWEST and _DIGITS.fullmatch(text) is not None
    named = {each.peer_id: each.name for each in (await connections_of(node, _Connected)).values()}
    fit = {peer_id for peer_id, name in named.items() if name == said}
    if digits:
        known = await node.listed("peers", _Known)
        fit |= {peer.node_id for peer in known if peer.node_id and peer.node_id.startswith(text)}
    found = sorted(fit)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{each} ({printable(named[each])})" if each in named else each for each in found[:3])
        raise RequestRefused(
            f"{said} fits {len(found)} peers: {listed}; write the id", status=404, reason="unknown_peer"
        )
    if digits:
        raise RequestRefused(f"{text} is no peer that this node knows", status=404, reason="unknown_peer")
    raise ConfigError(
        f"{said[:80]!r} is no id of a peer: 64 hex digits, or the first of them, at least {FEWEST}; and no name of a "
        f"connected one{_near(said, sorted(set(filter(None, named.values()))))}"
    )


def _near(said: str, names: list[str]) -> str:
    listed = f": those are {', '.join(map(printable, names[:MOST_NAMES]))}" if names else ""
    return did_you_mean(said, names, otherwise=listed)
