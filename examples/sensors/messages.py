"""What sensors, aggregators and desks say to each other."""

from __future__ import annotations

from peerbus.actors import Message, Request


class Measured(Message):
    """What a sensor has measured: degrees Celsius, per cent of humidity."""

    value: float


class Measure(Message, Request[Measured]):
    """To a sensor: measure now."""


class Summary(Message):
    """What an aggregator knows of its region.

    `asked`: sensors that were asked, of `there` that there are; `answered`: that answered in time; `silent`: the ids
    of those that did not. `mean`: of the answers; None where nobody answered.
    """

    region: str
    kind: str
    there: int
    asked: int
    answered: int
    mean: float | None
    silent: tuple[str, ...] = ()


class Summarize(Message, Request[Summary]):
    """To an aggregator: ask this part of your region's sensors of that kind. 1.0: all of them."""

    kind: str
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"a share is above 0, and 1 at most, not {self.share}")
