"""What a send to several peers ends with: an outcome for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

__all__ = ["Results"]

R = TypeVar("R")


class Results(Mapping[str, R]):
    """Outcome by node id, `local` for this node itself where it offers the role.

    Indexing gives the peer's answer, or raises the peer's error.

    `len` and iteration cover every peer that was addressed; `answers` and `errors` are the two halves.
    """

    __slots__ = ("answers", "errors")

    def __init__(self, answers: dict[str, R], errors: dict[str, Exception]) -> None:
        #: Answers by node id; None for each tell that was accepted.
        self.answers = answers
        #: Errors by node id.
        self.errors = errors

    def __getitem__(self, peer: str) -> R:
        if peer in self.errors:
            raise self.errors[peer]
        return self.answers[peer]

    def __iter__(self) -> Iterator[str]:
        yield from self.answers
        yield from self.errors

    def __len__(self) -> int:
        return len(self.answers) + len(self.errors)

    @property
    def ok(self) -> bool:
        """At least one peer was addressed and none failed."""
        return bool(self.answers) and not self.errors

    def __repr__(self) -> str:
        return f"Results({len(self.answers)} of {len(self)} answered)"
