"""Why a value of one type is not read as another one: where, what is wrong, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Flaw"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a value cannot be read: where, and in words what is wrong, and what would mend it."""

    where: str
    words: Callable[[], tuple[str, str]]

    @classmethod
    def said(cls, where: str, what: str, mend: str) -> Flaw:
        """One whose words are there already."""
        return cls(where, lambda: (what, mend))

    @property
    def what(self) -> str:
        """What is wrong."""
        return self.words()[0]

    @property
    def mend(self) -> str:
        """What would mend it."""
        return self.words()[1]

    def __str__(self) -> str:
        return f"{self.where} {self.what}; {self.mend}"
