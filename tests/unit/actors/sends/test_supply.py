"""The messages of a `tell_many`, as they are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from peerbus.actors.sends.supply import Supply, Within


def made(count: int, *, fails: bool = False) -> Iterator[int]:
    yield from range(count)
    if fails:
        raise KeyError("a mistake")


def test_a_list_is_taken_as_it_is() -> None:
    supply = Supply([1, 2, 3])
    assert not supply.generated
    assert (supply.take(2), supply.place, supply.take(5), supply.take(1)) == ([1, 2], 2, [3], [])


def test_a_generator_is_drawn_no_further_than_somebody_takes() -> None:
    drawn = made(10)
    supply = Supply(drawn)
    assert supply.generated
    assert list(supply.take(3)) == [0, 1, 2]
    assert next(drawn) == 3
    assert list(supply.take(20)) == [4, 5, 6, 7, 8, 9]
    assert not supply.take(1)


def test_what_is_put_back_comes_again() -> None:
    for supply in (Supply([0, 1, 2, 3]), Supply(made(4))):
        assert list(supply.take(3)) == [0, 1, 2]
        supply.put_back(2)
        found: list[object] = []
        while taken := supply.take(2):
            found += taken
        assert found == [1, 2, 3]


def test_the_rest_is_what_is_drawn_already() -> None:
    for supply, rest in ((Supply([0, 1, 2, 3]), [1, 2, 3]), (Supply(made(4)), [1, 2])):
        supply.take(3)
        supply.put_back(2)
        assert list(supply.rest()) == rest
        assert not supply.take(1)


def test_what_was_made_before_a_generator_raised_comes_first() -> None:
    supply = Supply(made(3, fails=True))
    assert list(supply.take(9)) == [0, 1, 2]
    with pytest.raises(KeyError):
        supply.take(9)
    assert not supply.take(9)


def test_a_list_that_is_kept_may_be_changed_by_others() -> None:
    messages: list[object] = [0, 1, 2]
    supply = Supply(messages)
    supply.take(1)
    supply.keep()
    messages.clear()
    assert list(supply.rest()) == [1, 2]


def test_what_nobody_has_accepted_may_begin_again_also_where_it_is_kept() -> None:
    messages: list[object] = [0, 1, 2]
    for supply in (Supply(messages), Supply(made(3))):
        supply.take(2)
        supply.put_back(1)
        supply.keep()
        supply.start_again()
        assert list(supply.take(3)) == ([0, 1, 2] if not supply.generated else [0, 1])


def test_time_that_is_left() -> None:
    now = 10.0
    within = Within(lambda: now, 2.0, 2.0)
    assert (within.open, within.until, within.left()) == (True, 12.0, 2.0)
    now = 13.0
    assert within.left() == 0.0
    late = Within(lambda: now, -1.0, -1.0)
    assert (late.open, late.left()) == (False, -1.0)
