"""An answer, checked by its asker: an actor that gave a wrong one is named, and hears of it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ..messages import misfit

__all__ = ["Answerer", "judged"]


@runtime_checkable
class Answerer(Protocol):
    """An actor's cell, as far as this file knows one."""

    def answered_wrong(self, message: object, error: Exception) -> None:
        """Its answer to this message was not what was asked for, and the asker is told. From any thread."""


def judged(owner: object, message: object, wanted: Any, value: object) -> Exception | None:
    """What is wrong with `value` as the answer to `message`, see `misfit`; its `owner` hears of it."""
    if not isinstance(owner, Answerer):
        return misfit(message, wanted, value)
    error = misfit(message, wanted, value, str(owner))
    if error is not None:
        owner.answered_wrong(message, error)
    return error
