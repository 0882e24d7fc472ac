"""Runs every case once a round, in fresh processes; every second round in the reverse order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .cases import CASES
from .comparison import Measured
from .machine import ForeignLoad
from .processes import CaseFailed, measured
from .results import FOREIGN
from .run import Run

__all__ = ["DISTURBED", "run_rounds"]

#: Processors kept busy by others above which a measurement is taken once more; of the two, the quieter one counts.
#: Chosen by load, never by result.
DISTURBED = 0.3


class Load(Protocol):
    """Watches the machine from when it was made."""

    def cores(self) -> float:
        """Processors that others kept busy since."""


def _by_its_interpreter(case: str, run: Run) -> Measured:
    return measured(case, run, CASES[case].interpreter)


def run_rounds(
    cases: Sequence[str],
    run: Run,
    rounds: list[dict[str, Measured]],
    crashes: dict[str, str],
    progress: Callable[[str, str], object],
    *,
    repeat: bool = True,
    measure: Callable[[str, Run], Measured] = _by_its_interpreter,
    watch: Callable[[], Load] = ForeignLoad,
) -> None:
    """Fill each of `rounds` with what is not there yet of `cases`. One that crashes is left out of its round, and told.

    `repeat`: whether one that others disturbed is taken once more, each case once a run at most.
    `progress` hears, before each measurement, where it is and the case; `rounds` is whole whenever it does.
    """
    again = len(cases) if repeat else 0  # a machine that is busy all the time shall not double the time
    for index, found in enumerate(rounds):
        # Whoever profits from what ran before, profits in turns.
        for case in cases if index % 2 == 0 else reversed(cases):
            if case in found:
                continue
            place = f"round {index + 1} of {len(rounds)}"
            progress(place, case)
            try:
                taken = _measured(case, run, measure, watch)
                if taken[FOREIGN] > DISTURBED and again:
                    again -= 1
                    progress(f"{place}, again: others kept {taken[FOREIGN]:.1f} processors busy", case)
                    taken = min(taken, _measured(case, run, measure, watch), key=lambda figures: figures[FOREIGN])
                found[case] = taken
                crashes.pop(case, None)
            except CaseFailed as error:
                crashes[case] = str(error)


def _measured(
    case: str, run: Run, measure: Callable[[str, Run], Measured], watch: Callable[[], Load]
) -> Mapping[str, float]:
    load = watch()
    figures = measure(case, run)
    return {**figures, FOREIGN: load.cores()}
