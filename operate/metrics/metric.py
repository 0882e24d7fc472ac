"""What one metric of a node is: its name, its kind, its labels, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...node.views import NodeSnapshot
from .exposition import MetricKind, MetricValue

__all__ = ["Metric", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A node at an instant, as far as metrics tell of it."""

    node: NodeSnapshot
    version: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the table. `name`, `unit`: see `Sampled`."""

    name: str
    kind: MetricKind
    text: str
    read: Callable[[Seen], Iterable[MetricValue]]
    labels: tuple[str, ...] = ()
    unit: str = ""
