"""What a desk does: it asks all aggregators, and says what they know."""

from __future__ import annotations

from peerbus.actors import NoRoute, Results, Role
from peerbus.node import Node

from .aggregator import AGGREGATOR, Aggregator
from .messages import Summarize, Summary


async def summaries(node: Node, kind: str, share: float, *, region: str = "", timeout: float = 5.0) -> list[Summary]:
    """Of each region, or of one. Where two aggregators have the same region, whoever knows more of it counts."""
    where = {"region": region} if region else {}
    aggregators = Role(AGGREGATOR, "all", where=where) / Aggregator
    try:
        results: Results[Summary] = await node.ask(aggregators, Summarize(kind, share), timeout=timeout)
    except NoRoute:
        return []
    best: dict[str, Summary] = {}
    for each in results.answers.values():
        known = best.get(each.region)
        if known is None or each.answered > known.answered:
            best[each.region] = each
    return [best[name] for name in sorted(best)]


def told(summary: Summary) -> str:
    """One line for people."""
    mean = "      —" if summary.mean is None else f"{summary.mean:7.2f}"
    text = f"{summary.region:<8} {summary.kind:<12} {mean}   {summary.answered} of {summary.asked} asked answered"
    text += f", {summary.there} are there"
    silent = ", ".join(peer[:8] for peer in summary.silent)
    return f"{text}; silent: {silent}" if silent else text
