"""Tells, in the log and on the event stream, what the peer manager's actor finds changed."""

from __future__ import annotations

from typing import Protocol

from ...actors.base import get_logger
from ..facts import PeerRolesChanged, RequirementMet, RequirementUnmet

__all__ = ["Publishes", "tell_news"]

log = get_logger("peerbus.discovery")


class Publishes(Protocol):
    """A bus, as far as facts go."""

    def publish(self, event: object) -> None:
        """Tell a fact to those who listen."""


def tell_news(bus: Publishes, node: str, news: object) -> None:
    """Log one piece of news, if it is of a kind that is logged, and publish it."""
    match news:
        case RequirementUnmet():
            log.warning("requirement not met", node=node, require=str(news.require), why=news.text)
        case RequirementMet():
            log.info("requirement met", node=node, require=str(news.require))
        case PeerRolesChanged():
            log.info("roles changed", node=node, peer=news.node_id, offers=list(news.offers))
        case _:
            pass
    bus.publish(news)
