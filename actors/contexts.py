"""Runs a coroutine in a context of its own, inside a task that runs in another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine
from typing import TypeVar

__all__ = ["in_context"]

T = TypeVar("T")


@coroutine
def in_context(context: Context, inner: Coroutine[object, object, T], awaited: object) -> Generator[object, object, T]:
    """Go on with `inner`, which was begun in `context` and stands in `awaited`, with each of its steps in `context`."""
    run: Callable[..., object] = context.run
    step: Callable[..., object]
    sent: object = None
    try:
        while True:  # what `yield from` does, see PEP 380
            try:
                step, sent = inner.send, (yield awaited)
            except GeneratorExit:
                run(inner.close)
                raise
            except BaseException as error:  # noqa: BLE001  # it is the coroutine's to handle
                step, sent = inner.throw, error
            try:
                awaited = run(step, sent)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # what the coroutine returned
    finally:
        del sent  # an error keeps this frame, see outcome
