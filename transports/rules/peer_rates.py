"""How much each peer may send on which channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...actors.base import spelled
from ...actors.messages import Rate
from .permissions import OWN_CHANNELS

__all__ = ["PeerRates"]


@spelled
@dataclass(frozen=True, slots=True)
class PeerRates:
    """`each`: on channels that `channels` does not name, and that say nothing themselves; None: as much as they like.

    The bus's own channels go by what names them, and by no other.

    ```python
    rates = PeerRates(each=Rate(messages=1_000), channels={"blocks": Rate(asks=16)})
    careful = Node("bob", rates=rates)
    ```
    """

    each: Rate | None = None
    channels: Mapping[str, Rate] = field(default_factory=dict)

    def on(self, channel: str, own: Rate | None) -> Rate | None:
        """The rate of one peer on a channel, which says `own` itself; None: there is none."""
        found = self.channels.get(channel, own)
        return self.each if found is None and channel not in OWN_CHANNELS else found

    def lines(self) -> list[str]:
        """Each as a line for people; none where there is no limit."""
        found = [] if self.each is None else [f"each peer on each channel: {self.each}"]
        return found + [f"each peer on {name}: {rate}" for name, rate in sorted(self.channels.items())]

    def __str__(self) -> str:
        return "; ".join(self.lines()) or "no limit"
