"""The gossips and singletons of a node at an instant, as whoever runs it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .gossip import NodeGossip
from .singleton import NodeSingleton

__all__ = ["PatternViews", "patterns_of"]


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
