"""What is proven of a peer, as far as rules ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from ..streams import Stream

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One peer. `node_id`: None where it only claims one. `roles`, `attributes`: what its certificate says."""

    node_id: str | None
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, stream: Stream) -> Self:
        """Whoever is at the other end, by what the stream has proven."""
        return cls(stream.peer_id)
