"""What passes between the mind of peer exchange and the reactor that acts for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..facts import Candidate

__all__ = ["SOURCE", "Fault", "News", "PexStatistics", "Poll", "Refusal"]

#: What candidates of peer exchange name as their source.
SOURCE = "pex"


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask that peer for at most `limit` records; `role` is empty, or what they offer. `number` names the request."""

    number: int
    node_id: str
    role: str
    limit: int


@dataclass(frozen=True, slots=True)
class Fault:
    """That peer did what no honest peer does. `reason` is the word of a `ScoreReason`."""

    node_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Answer with an error: `code` is for programs, `text` for people. `fault`: to have asked was one."""

    code: str
    text: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What follows from something heard, for the peer manager: nodes found and lost (their records ended), faults."""

    found: tuple[Candidate, ...] = ()
    lost: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class PexStatistics:
    """Peer exchange at one instant; counts are since the start.

    `told` and `learned` count records, `too_soon` requests of others that came too soon, `refused` records that were
    not taken, by reason, `faults` what peers were accused of.
    """

    neighbours: int
    records: int
    polled: int
    learned: int
    asked: int
    answered: int
    told: int
    too_soon: int
    refused: Mapping[str, int]
    faults: Mapping[str, int]
