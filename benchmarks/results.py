"""What a run has measured, on disk from the first figure on: an interrupted run goes on, a finished one is compared."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .comparison import Comparison, Measured, Result

__all__ = ["FOREIGN", "FORMAT", "Results", "WrongResults"]

#: Of the file. Another one is refused.
FORMAT = 2
#: Figure of each case: processors that others kept busy while it measured.
FOREIGN = "foreign load"


class WrongResults(Exception):
    """A file is not what a run wrote; the text says in which way."""


@dataclass(slots=True)
class Results:
    """All figures of a run. Units: seconds, per second, bytes.

    `command`: `run`, `peers` or `native`. `settings`: what was asked for. `missing`: what could not be measured here,
    and why. `slow`: rounds behind a slow receiver.
    """

    command: str
    settings: dict[str, object]
    machine: dict[str, str]
    versions: dict[str, str]
    started: str
    rounds: list[dict[str, Measured]] = field(default_factory=list)
    slow: list[dict[str, Measured]] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def foreign(self) -> list[float]:
        """Processors that others kept busy, for each process that measured."""
        return [found[FOREIGN] for taken in (*self.rounds, *self.slow) for found in taken.values() if FOREIGN in found]

    def asked(self, case: str) -> bool:
        """Whether the run was to measure that case behind a slow receiver."""
        cases = self.settings.get("slow cases")
        return not isinstance(cases, list) or case in cases

    def why(self, *cases: str) -> str:
        """Why there is no figure of one of these cases."""
        for case in cases:
            if case in self.missing:
                return f"missing: {self.missing[case]}"
            if case in self.crashes:
                return f"crashed: {self.crashes[case].strip().splitlines()[-1]}"
        return "not measured"

    def save(self, path: Path, rows: list[Comparison]) -> None:
        """Write all of it, with what the rows make of it; a reader sees the old file or the new one, whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"format": FORMAT, **asdict(self), "comparisons": [_row(row, row.result(self.rounds)) for row in rows]}
        part = path.with_name(f"{path.name}.part")
        part.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` wrote. Raises WrongResults for anything else, OSError where it cannot be read."""
        try:
            whole = json.loads(path.read_text(encoding="utf-8"))
            if whole["format"] != FORMAT:
                raise WrongResults(f"{path} has format {whole['format']}, and this program reads {FORMAT}")
            return cls(**{name: whole[name] for name in cls.__slots__})
        except (ValueError, KeyError, TypeError) as error:
            raise WrongResults(f"{path} was not written by a run of the benchmarks ({error!r})") from error


def _row(row: Comparison, result: Result | None) -> Mapping[str, object]:
    return {
        "group": row.group,
        "name": row.name,
        "unit": row.unit,
        "against": row.against,
        "bar": None if row.bar is None else str(row.bar),
        "verdict": None if result is None or result.verdict is None else result.verdict.value,
        "ours": None if result is None else asdict(result.ours),
        "baseline": None if result is None or result.baseline is None else asdict(result.baseline),
        "ratio": None if result is None or result.ratio is None else asdict(result.ratio),
    }
