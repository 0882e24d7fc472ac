"""What a node speaks, told without running it: channels, who runs them, and their descriptions."""

from __future__ import annotations

from .source import descriptions_of, written
from .spoken import ServedChannel, SpokenNode, spoken_by

__all__ = [
    "ServedChannel",
    "SpokenNode",
    "descriptions_of",
    "spoken_by",
    "written",
]
