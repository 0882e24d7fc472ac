"""What the doctor says of one thing: how it is, what was seen, and what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Diagnosis", "Health", "failed", "ok", "warning", "worst"]


class Health(enum.StrEnum):
    """How a thing is: right, perhaps not what is wanted, or in the way of a node that works."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing. `about`: its name, `text`: what was seen, `advice`: what to do, "" where there is nothing to do."""

    about: str
    verdict: Health
    text: str
    advice: str = ""


def ok(about: str, text: str) -> Diagnosis:
    """It is right."""
    return Diagnosis(about, Health.OK, text)


def warning(about: str, text: str, advice: str) -> Diagnosis:
    """It may not be what is wanted."""
    return Diagnosis(about, Health.WARNING, text, advice)


def failed(about: str, text: str, advice: str) -> Diagnosis:
    """With it a node does not work, or not for all of its peers."""
    return Diagnosis(about, Health.FAILED, text, advice)


def worst(diagnoses: Iterable[Diagnosis]) -> Health:
    """The worst of their verdicts."""
    order = list(Health)
    return max((each.verdict for each in diagnoses), key=order.index, default=Health.OK)
