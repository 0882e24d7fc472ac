"""What a send to several peers ends with: an outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, overload

from ..base import Crossing, PeerbusError, RemoteError, copied, for_future, packed, unpacked
from .address import Local, Peer

__all__ = ["QuorumFailed", "Results"]

R = TypeVar("R")
D = TypeVar("D")


class Results(Mapping[str, R]):
    """Outcome by node id, `local` for this node itself where it offers the role; in the order of these names.

    `in`, `len` and iteration cover every peer that has an outcome. Indexing gives the peer's answer or raises the
    peer's error, and so do `items()` and `values()` when they come to one that failed; `answers` and `errors` are the
    two halves, as dicts. `get` gives the default where there is no answer. A `Peer` or `LOCAL` is as good as its name.
    An ask that ends with a quorum does not wait for the others: these are `abandoned`, and have no outcome.

    ```python
    results = await node.ask(Role("archive", "all") / Blocks, GetBlock(7))
    for peer, block in results.answers.items():
        assert block.height == 7
    for peer, error in results.errors.items():
        print(f"{peer[:8]}: {error}")
    ```
    """

    __slots__ = ("abandoned", "answers", "errors")

    def __init__(self, answers: dict[str, R], errors: dict[str, Exception], *, abandoned: tuple[str, ...] = ()) -> None:
        #: Answers by node id; None for each tell that was accepted.
        self.answers: dict[str, R] = answers
        #: Errors by node id.
        self.errors: dict[str, Exception] = errors
        #: Node ids of those whose answer was not waited for: enough others had answered, or failed.
        self.abandoned: tuple[str, ...] = abandoned

    def __getitem__(self, peer: str | Peer | Local) -> R:
        name = _name(peer)
        if name in self.errors:
            try:
                # A copy: what is raised keeps the frames of whoever caught it, and these keep what is in here.
                raise copied(self.errors[name])
            finally:
                del self  # see outcome
        try:
            return self.answers[name]
        except KeyError:
            raise KeyError(self._why_none(name)) from None

    def _why_none(self, name: str) -> str:
        if name in self.abandoned:
            return f"{name} has no outcome: nobody waited for it, as enough others had one"
        return f"{name!r} was not asked; those that were: {', '.join(self) or 'none'}"

    def __contains__(self, peer: object) -> bool:
        name = _name(peer)
        return name in self.answers or name in self.errors

    @overload
    def get(self, peer: str | Peer | Local, /) -> R | None: ...
    @overload
    def get(self, peer: str | Peer | Local, /, default: R | D) -> R | D: ...
    def get(self, peer: str | Peer | Local, /, default: R | D | None = None) -> R | D | None:
        """The peer's answer; the default where it has none, whatever the reason."""
        return self.answers.get(_name(peer), default)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Results):
            return not self.errors and self.answers == other
        return (self.answers, self.errors, self.abandoned) == (other.answers, other.errors, other.abandoned)

    __hash__ = None  # type: ignore[assignment]  # as a dict

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self.answers, **self.errors}))

    def __len__(self) -> int:
        return len(self.answers) + len(self.errors)

    @property
    def ok(self) -> bool:
        """At least one peer answered, and none failed."""
        return bool(self.answers) and not self.errors

    def __reduce__(self) -> tuple[Callable[..., Results[Any]], tuple[object, ...]]:
        # Each apart, as what else an error carries: what cannot be rebuilt stays away alone.
        answers = {peer: packed(answer) for peer, answer in self.answers.items()}
        errors = {peer: Crossing.of(error, RemoteError) for peer, error in self.errors.items()}
        return _made, (answers, errors, self.abandoned)

    def __repr__(self) -> str:
        return f"Results({len(self.answers)} of {len(self) + len(self.abandoned)} answered)"


def _made(answers: dict[str, Any], errors: dict[str, Crossing], abandoned: tuple[str, ...]) -> Results[Any]:
    rebuilt = {peer: for_future(error.exception()) for peer, error in errors.items()}
    return Results({peer: unpacked(answer) for peer, answer in answers.items()}, rebuilt, abandoned=abandoned)


def _name(peer: object) -> str:
    # What is no text is no name, and found nowhere.
    return peer if isinstance(peer, str) else str(peer) if isinstance(peer, Peer | Local) else repr(peer)


class QuorumFailed(PeerbusError):
    """So few of several receivers answered, or are there, that a quorum cannot be reached any more.

    `results` has the answers and errors that there were by then, `message` what was asked.

    ```python
    try:
        await node.ask(Role("archive", "all") / Blocks, GetBlock(7), quorum=2, timeout=1)
    except QuorumFailed as error:
        print(error)  # who answered, and why the others did not
    ```
    """

    reason = "no_quorum"

    def __init__(self, text: str, *, results: Results[Any], message: object = None) -> None:
        super().__init__(text)
        self.results = results
        self.message = message
