"""Whether a node can be counted on, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...node.views import NodeViews

__all__ = ["Readiness", "WhyNot", "readiness_of"]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One thing that stands against it."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ready, or all that stands against it."""

    ready: bool
    why_not: tuple[WhyNot, ...]


def readiness_of(node: NodeViews) -> Readiness:
    """As of now. Not ready: it shuts down, is emptied by the operator, or lacks peers that it requires."""
    if node.bus.closing:
        return Readiness(False, (WhyNot("shutting_down", f"{node.name} is shutting down"),))
    seen = node.overview()
    found = [WhyNot("draining", "the operator has this node emptied: it lets nobody in")] if seen.draining else []
    found += [
        WhyNot("requirement", f"{each.require}: {each.text or f'{each.have} of {each.want} are there'}")
        for each in seen.requirements
        if not each.met
    ]
    return Readiness(not found, tuple(found))
