"""What a send to several peers ends with: an outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

__all__ = ["Results"]

R = TypeVar("R")


class Results(Mapping[str, R]):
    """Outcome by node id, `local` for this node itself where it offers the role; in the order of these names.

    Indexing gives the peer's answer, or raises the peer's error. `len` and iteration cover every peer that has an
    outcome; `answers` and `errors` are the two halves. An ask that ends with a quorum does not wait for the others:
    these are `abandoned`.
    """

    __slots__ = ("abandoned", "answers", "errors")

    def __init__(self, answers: dict[str, R], errors: dict[str, Exception], *, abandoned: tuple[str, ...] = ()) -> None:
        #: Answers by node id; None for each tell that was accepted.
        self.answers = answers
        #: Errors by node id.
        self.errors = errors
        #: Node ids of those whose answer was not waited for: enough others had answered, or failed.
        self.abandoned = abandoned

    def __getitem__(self, peer: str) -> R:
        if peer in self.errors:
            raise self.errors[peer]
        return self.answers[peer]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self.answers, **self.errors}))

    def __len__(self) -> int:
        return len(self.answers) + len(self.errors)

    @property
    def ok(self) -> bool:
        """At least one peer answered, and none failed."""
        return bool(self.answers) and not self.errors

    def __reduce__(self) -> tuple[Callable[..., Results[R]], tuple[object, ...]]:
        return _made, (self.answers, self.errors, self.abandoned)

    def __repr__(self) -> str:
        return f"Results({len(self.answers)} of {len(self) + len(self.abandoned)} answered)"


def _made(answers: dict[str, R], errors: dict[str, Exception], abandoned: tuple[str, ...]) -> Results[R]:
    return Results(answers, errors, abandoned=abandoned)
