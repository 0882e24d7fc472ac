"""What the API tells of one event."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EventView"]


@dataclass(frozen=True, slots=True)
class EventView:
    """One event: its number, its kind, and what it says. `at`: when, in seconds since 1970; `time`: the same as text.

    `time` is that of RFC 3339, in UTC: `2026-11-29T15:04:05.678Z`. Times in what it says are as `at`.
    """

    number: int
    at: float
    time: str
    kind: str
    event: object
