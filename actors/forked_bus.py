"""What a bus becomes in the child of a fork: every call of it raises, and says where it runs."""

from __future__ import annotations

from typing import Protocol

from .base import refuse_calls, silence

__all__ = ["HasActors", "HasParts", "refuse_all"]

#: What raises.
CALLS = (
    "aclose",
    "ask",
    "ledger",
    "offer",
    "request",
    "send",
    "send_many",
    "spawn",
    "start",
    "started",
    "statistics",
    "stop",
    "subscribe",
    "subscribe_actor",
    "tell",
    "tell_many",
    "unsubscribe_actor",
    "unwatch",
    "wait_stopped",
    "watch",
)
#: What has nothing to do there, of the bus and of its parts.
SILENT = ("call", "dead_letter", "on_loop", "publish", "watch_for_deadlocks")
SILENT_LIFE = ("escalated", "exit", "hand_on_exit", "lose")


class HasParts(Protocol):
    """A bus."""

    name: str

    @property
    def actors(self) -> HasActors:
        """Its actors."""

    @property
    def life(self) -> object:
        """Its life."""


class HasActors(Protocol):
    """The table of its actors."""

    def forked(self) -> None:
        """None of them runs here."""


def refuse_all(bus: HasParts) -> None:
    """Let every call of this bus raise ProcessForked, and nothing of it do anything."""
    bus.actors.forked()
    refuse_calls(bus, f"bus {bus.name!r}", CALLS)
    silence(bus, SILENT)
    silence(bus.life, SILENT_LIFE)
