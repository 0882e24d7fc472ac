"""The gossips and singletons of a node at an instant, as whoever runs it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .gossip_messages import GossipView

__all__ = ["NodeGossip", "NodeSingleton", "PatternViews", "patterns_of"]


@dataclass(frozen=True, slots=True)
class NodeGossip:
    """One gossip: the name of its actor, the role that its members offer, and its own figures."""

    name: str
    role: str
    figures: GossipView


@dataclass(frozen=True, slots=True)
class NodeSingleton:
    """One singleton. `reactor`: the name of what only one node runs; `offered`: this node offers the role.

    `state`: `here`, where this node runs it; `elsewhere`, where a peer does; else `nowhere`, as far as this node sees.
    `holders`: the nodes that run it, by id: one, or several while a partition heals.
    """

    name: str
    reactor: str
    role: str
    state: str
    holders: tuple[str, ...]
    members: int
    offered: bool


@dataclass(frozen=True, slots=True)
class PatternViews:
    """Those of one node, by name."""

    gossips: tuple[NodeGossip, ...] = ()
    singletons: tuple[NodeSingleton, ...] = ()


def patterns_of(looks: Iterable[tuple[str, Callable[[], object]]]) -> PatternViews:
    """Those that these say of themselves, each by its name. On the loop's thread."""
    found = [look() for _, look in sorted(looks)]
    return PatternViews(
        tuple(each for each in found if isinstance(each, NodeGossip)),
        tuple(each for each in found if isinstance(each, NodeSingleton)),
    )
