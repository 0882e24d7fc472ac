"""Runs every case once a round, in fresh processes; every second round in the reverse order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .catalogue import Case
from .machine import ForeignLoad
from .processes import CaseFailed, measured
from .run import Run

__all__ = ["Outcome", "run_rounds"]


@dataclass(slots=True)
class Outcome:
    """What the rounds brought. `foreign`: processors that others kept busy, for each process that measured."""

    rounds: list[dict[str, Mapping[str, float]]] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)


def run_rounds(
    plan: Mapping[str, tuple[Case, Run]],
    number: int,
    progress: Callable[[str], object],
    *,
    measure: Callable[[str, Run], Mapping[str, float]] = measured,
) -> Outcome:
    """Measure `plan` (case and run by key) `number` times. A case that crashes is left out of that round, and told."""
    outcome = Outcome()
    for index in range(number):
        keys = list(plan)
        if index % 2:
            keys.reverse()  # whoever profits from what ran before, profits in turns
        found: dict[str, Mapping[str, float]] = {}
        for key in keys:
            case, run = plan[key]
            progress(f"round {index + 1} of {number}: {key}")
            load = ForeignLoad()
            try:
                found[key] = measure(case.name, run)
            except CaseFailed as error:
                outcome.crashes.setdefault(key, str(error))
            else:
                outcome.foreign.append(load.cores())
        outcome.rounds.append(found)
    return outcome
