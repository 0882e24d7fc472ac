"""What usually goes wrong with a node and its machine: looked at, judged, and said with what to do."""

from __future__ import annotations

from .diagnosis import Diagnosis, Health, worst
from .examination import Wanted, examine

__all__ = ["Diagnosis", "Health", "Wanted", "examine", "worst"]
