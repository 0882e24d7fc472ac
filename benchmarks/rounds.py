"""Runs every case once a round, in fresh processes; every second round in the reverse order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .catalogue import Case
from .machine import ForeignLoad
from .processes import CaseFailed, measured
from .run import Run

__all__ = ["Outcome", "run_rounds"]

#: Processors kept busy by others above which a measurement is taken once more; of the two, the quieter one counts.
#: Chosen by load, never by result.
DISTURBED = 0.3


class Load(Protocol):
    """Watches the machine from when it was made."""

    def cores(self) -> float:
        """Processors that others kept busy since."""


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
    watch: Callable[[], Load] = ForeignLoad,
) -> Outcome:
    """Measure `plan` (case and run by key) `number` times. A case that crashes is left out of that round, and told."""
    outcome = Outcome()
    again = len(plan)  # a machine that is busy all the time shall not double the time
    for index in range(number):
        keys = list(plan)
        if index % 2:
            keys.reverse()  # whoever profits from what ran before, profits in turns
        found: dict[str, Mapping[str, float]] = {}
        for key in keys:
            case, run = plan[key]
            progress(f"round {index + 1} of {number}: {key}")
            try:
                load, found[key] = _measured(case.name, run, measure, watch)
                if load > DISTURBED and again:
                    again -= 1
                    progress(f"round {index + 1} of {number}: {key} again, others kept {load:.1f} processors busy")
                    load, found[key] = min(
                        (load, found[key]), _measured(case.name, run, measure, watch), key=lambda taken: taken[0]
                    )
                outcome.foreign.append(load)
            except CaseFailed as error:
                found.pop(key, None)
                outcome.crashes.setdefault(key, str(error))
        outcome.rounds.append(found)
    return outcome


def _measured(
    case: str, run: Run, measure: Callable[[str, Run], Mapping[str, float]], watch: Callable[[], Load]
) -> tuple[float, Mapping[str, float]]:
    load = watch()
    figures = measure(case, run)
    return load.cores(), figures
