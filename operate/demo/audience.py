"""Those who look at the demonstration while it runs, as far as the demonstration knows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .report import DemoResult

__all__ = ["Audience"]


class Audience(Protocol):
    """They look at the nodes by the admin APIs of these, and say when it is enough."""

    def socket_of(self, name: str) -> Path:
        """Where the admin API of the node of that name is to be."""

    async def begin(self, names: Sequence[str]) -> None:
        """The nodes of these names are up."""

    def done(self, result: DemoResult) -> None:
        """That is what came of it. The nodes run on."""
