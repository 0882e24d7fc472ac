"""What `Bus.statistics()` returns."""

from __future__ import annotations

from dataclasses import dataclass

from .mailbox import Ledger, MailboxStatistics

__all__ = ["BusStatistics"]


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """The bus at one instant. Each mailbox keeps its own ledger; `failed` counts sends that found no mailbox."""

    actors: dict[str, MailboxStatistics]
    failed: dict[str, int]
    dead_letters: dict[str, int]
    #: What became of every send, by channel; also to actors and peers that are gone.
    ledger: Ledger
