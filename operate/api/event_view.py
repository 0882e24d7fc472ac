"""What the API tells of one event."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EventView"]


@dataclass(frozen=True, slots=True)
class EventView:
    """One event: its number, the time (seconds since 1970), its kind, and what it says."""

    number: int
    at: float
    kind: str
    event: object
