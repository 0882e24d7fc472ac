"""One channel of a node as it is written down: its messages, what answers each, which comes in items."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...actors.base import ConfigError
from ...actors.messages import FACTS, Channel, Unresolved, answer_named, item_of
from ...node.schema import ServedChannel, SpokenNode

__all__ = ["SpokenChannel", "SpokenMessage", "channels_of", "told_of"]


@dataclass(frozen=True, slots=True)
class SpokenMessage:
    """A message. `answer`: the type that it names, UNNAMED for none; `in_items`: that comes bit by bit, as a stream.

    `handled`: the class has a handler of it; those that have none are answers, or items.
    """

    kind: type
    answer: Any
    in_items: bool
    handled: bool

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return self.kind.__name__


@dataclass(frozen=True, slots=True)
class SpokenChannel:
    """A channel that a node runs, `served`, or that it only sends to."""

    channel: Channel[Any]
    served: ServedChannel | None
    messages: tuple[SpokenMessage, ...]

    @property
    def about(self) -> str:
        """What its class says of itself."""
        return told_of(self.served.actor) if self.served is not None and self.served.actor is not None else ""


def channels_of(node: SpokenNode) -> Iterator[SpokenChannel]:
    """Those that it runs, then those that it talks to. Raises ConfigError where an answer cannot be found."""
    for served in node.served:
        yield SpokenChannel(served.channel, served, tuple(_messages(served.channel, served.actor)))
    for channel in node.talks_to:
        yield SpokenChannel(channel, None, tuple(_messages(channel, None)))


def _messages(channel: Channel[Any], actor: type | None) -> Iterator[SpokenMessage]:
    handlers: object = getattr(actor, "__handlers__", None)
    handled = tuple(handlers) if isinstance(handlers, dict) and handlers else None
    for kind in channel.messages:
        if kind in FACTS:
            continue
        try:
            named = answer_named(kind)
        except Unresolved as error:
            raise ConfigError(f"channel {channel.name!r}: {error}") from error
        item = item_of(named)
        yield SpokenMessage(
            kind,
            named if item is None else item,
            item is not None,
            handled is None or any(issubclass(kind, each) for each in handled),
        )


def told_of(kind: type) -> str:
    """What a class says of itself; nothing where Python, or a base class, wrote it."""
    text = kind.__dict__.get("__doc__")
    if not isinstance(text, str) or text.startswith(f"{kind.__name__}("):  # as `@dataclass` writes one
        return ""
    return inspect.cleandoc(text)
