"""What contexts hold is told apart by identity."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context

from peerbus.actors.engine.context_content import alike, contents

FIRST: ContextVar[object] = ContextVar("first")
SECOND: ContextVar[object] = ContextVar("second")


class Odd:
    """Does not know how to compare itself."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("no truth value")

    __hash__ = None  # type: ignore[assignment]  # as with arrays


def test_a_copy_has_the_same_content_until_something_is_set_in_one_of_the_two() -> None:
    def inside() -> None:
        other = copy_context()
        assert contents(context)[-1] is contents(other)[-1]
        FIRST.set(1)
        assert contents(context)[-1] is not contents(other)[-1]

    context = Context()
    context.run(inside)


def test_two_are_alike_that_hold_the_very_same_values() -> None:
    value = Odd()
    one = Context()
    one.run(FIRST.set, value)
    other = one.copy()
    other.run(SECOND.set, value)
    assert not alike(one, other)
    one.run(SECOND.set, value)
    assert alike(one, other)
    other.run(SECOND.set, Odd())
    assert not alike(one, other)


def test_equal_is_not_the_same() -> None:
    one, other = Context(), Context()
    one.run(FIRST.set, [1])
    other.run(FIRST.set, [1])
    assert not alike(one, other)
    other.run(SECOND.set, 1)
    one.run(SECOND.set, 1)
    assert not alike(one, other)
