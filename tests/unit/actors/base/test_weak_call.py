"""A weak call does what its method does while the object is there, and does not keep it."""

from __future__ import annotations

import weakref

from peerbus.actors.base.weak_call import WeakCall, weakly


class Notes:
    """Keeps what it was called with."""

    def __init__(self) -> None:
        self.kept: list[tuple[object, ...]] = []

    def keep(self, *values: object) -> None:
        """Keep them."""
        self.kept.append(values)


def test_a_method_is_called_while_its_object_is_there() -> None:
    notes = Notes()
    call = weakly(notes.keep)
    call(1, "two")
    call()
    assert notes.kept == [(1, "two"), ()]


def test_the_call_does_not_keep_the_object_and_is_nothing_without_it() -> None:
    notes = Notes()
    call, there = weakly(notes.keep), weakref.ref(notes)
    kept = notes.kept
    del notes
    assert there() is None
    call("nobody")
    assert kept == []


def test_a_function_is_called_as_it_is() -> None:
    kept: list[int] = []
    assert weakly(kept.append) == kept.append
    assert not isinstance(weakly(print), WeakCall)
