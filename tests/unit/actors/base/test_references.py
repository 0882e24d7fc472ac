"""References keep nothing alive, but what takes no weak ones; they are equal where they are to the same object."""

from __future__ import annotations

from peerbus.actors.base.references import Held, reference


class Takes:
    """An object as those of classes are."""


class TakesNone:
    """One without a place for them, as those of the compiled core."""

    __slots__ = ()


def test_an_object_that_takes_weak_references_is_not_kept() -> None:
    gone: list[object] = []
    one = Takes()
    weak = reference(one, gone.append)
    assert weak() is one
    del one
    assert weak() is None
    assert gone == [weak]


def test_another_is_kept_until_whoever_holds_the_reference_discards_it() -> None:
    one, other = TakesNone(), TakesNone()
    held = {reference(one), reference(other)}
    assert len(held) == 2
    assert all(isinstance(each, Held) for each in held)
    held.discard(reference(one))
    assert [each() for each in held] == [other]
