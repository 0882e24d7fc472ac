"""Which of many failures are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.shell.repeats import MOST_LINES, MOST_REASONS, MOST_THINGS, QUIET, Repeated, Repeats


def told(repeats: Repeats, count: int, thing: str = "bob", reason: str = "refused") -> list[int]:
    """Which of that many failures, one a second, are told: by their number."""
    found = (repeats.failed(thing, reason, float(second)) for second in range(count))
    return [each.failures for each in found if each is not None]


def test_the_first_is_told_and_then_ever_fewer() -> None:
    assert told(Repeats(), 100) == [1, 2, 4, 8, 16, 32, 64]


def test_a_summary_says_since_when() -> None:
    repeats = Repeats()
    told(repeats, 3)
    assert repeats.failed("bob", "refused", 60.0) == Repeated(4, 60.0)


def test_each_thing_is_counted_by_itself() -> None:
    repeats = Repeats()
    assert told(repeats, 3, "bob") == told(repeats, 3, "carol") == [1, 2]


def test_a_new_reason_is_told_at_once_and_strangers_cannot_invent_reasons_without_end() -> None:
    repeats = Repeats()
    told(repeats, 2)
    assert repeats.failed("bob", "wrong_identity", 3.0) == Repeated(3, 3.0)
    invented = [repeats.failed("bob", str(number), 4.0) for number in range(1000)]
    assert sum(each is not None for each in invented) < MOST_REASONS + 10


def test_success_says_what_was_before_and_begins_anew() -> None:
    repeats = Repeats()
    assert repeats.succeeded("bob", 0.0) is None
    told(repeats, 5)
    assert repeats.succeeded("bob", 9.0) == Repeated(5, 9.0)
    assert repeats.succeeded("bob", 9.0) is None
    assert told(repeats, 2) == [1, 2]


def test_what_was_quiet_for_long_is_new() -> None:
    repeats = Repeats()
    told(repeats, 3)
    assert repeats.failed("bob", "refused", 2.0 + 2 * QUIET) == Repeated(1, 0.0)


@given(st.lists(st.integers(0, 3 * MOST_THINGS), max_size=50))
def test_its_memory_is_bounded_and_keeps_what_failed_last(things: list[int]) -> None:
    repeats = Repeats()
    for thing in [*range(MOST_THINGS), *things]:
        repeats.failed(str(thing), "refused", 0.0)
    assert len(repeats._rows) == MOST_THINGS
    assert all(str(thing) in repeats._rows for thing in things)


def test_strangers_of_any_number_of_names_do_not_set_the_pace_of_the_lines() -> None:
    repeats = Repeats()
    names = 2 * MOST_THINGS
    found = [repeats.failed(f"10.0.{number}", "bad_hello", number / 1000) for number in range(names)]
    assert sum(each is not None for each in found) == MOST_LINES * 3  # in the seconds 0, 1 and 2
    assert repeats.pace.due()
    assert repeats.pace.rest() == names - MOST_LINES * 3
    assert repeats.pace.rest() == 0


def test_the_last_failure_is_kept_in_words_until_that_thing_works() -> None:
    repeats = Repeats()
    assert repeats.last == ""
    repeats.failed("bob", "refused", 1.0, "bob: Connection refused")
    repeats.succeeded("carol", 2.0)
    assert repeats.last == "bob: Connection refused"
    repeats.succeeded("bob", 3.0)
    assert repeats.last == ""


def test_what_a_stranger_says_of_a_failure_is_cut_and_cannot_be_anything_but_text() -> None:
    repeats = Repeats()
    repeats.failed("eve", "refused", 1.0, "\x1b[2J" + "a" * 100_000)
    assert len(repeats.last) < 1000
    assert repeats.last.isprintable()
