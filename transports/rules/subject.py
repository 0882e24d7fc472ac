"""What is proven of a peer, as far as rules ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from ..admission import Credentials

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One peer. `node_id`: None where it only claims one. `roles`, `attributes`: what its certificate says."""

    node_id: str | None
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, credentials: Credentials | None) -> Self:
        """Whoever was let in by these; None: nothing is known."""
        if credentials is None:
            return cls(None)
        return cls(credentials.node_id if credentials.proven else None, credentials.roles, credentials.attributes)
