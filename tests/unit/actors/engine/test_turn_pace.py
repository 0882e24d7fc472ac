"""How long a turn is, in messages and in time, and how seldom the clock is looked at for that."""

from __future__ import annotations

import pytest

from peerbus.actors.engine.turn_pace import (
    BATCH,
    BRISK,
    ROUNDS,
    SPAN,
    STEPS,
    TURN_SPAN,
    UNSEEN,
    UNSEEN_OF_PEERS,
    TurnPace,
    until_look,
)


class Handlers:
    """A clock that goes on by what each message takes, and counts how often it is looked at."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = seconds
        self.handled = self.looks = 0

    def now(self) -> float:
        self.looks += 1
        return 100.0 + sum(self.seconds[min(each, len(self.seconds) - 1)] for each in range(self.handled))

    def turn(self) -> int:
        pace = TurnPace(self.now)
        while pace.goes_on():
            self.handled += 1
        return self.handled


def test_fast_handlers_have_all_messages_of_a_turn_and_few_looks() -> None:
    handlers = Handlers(0.000_001)
    assert handlers.turn() == BATCH
    assert handlers.looks <= 6


@pytest.mark.parametrize(
    ("seconds", "handled"), [(1.0, 2), (TURN_SPAN, 2), (TURN_SPAN * 0.51, 3), (TURN_SPAN * 0.13, 9)]
)
def test_slow_handlers_end_their_turn_when_its_time_is_over(seconds: float, handled: int) -> None:
    assert Handlers(seconds).turn() == handled


def test_the_first_message_is_nobodys_fault_and_counts_for_nothing() -> None:
    assert Handlers(5.0, 0.000_001).turn() == BATCH


def test_handlers_that_become_slow_are_noticed_after_a_few_messages() -> None:
    fast = 20
    assert Handlers(*[0.000_001] * fast, 0.01).turn() <= fast + UNSEEN


@pytest.mark.parametrize("unseen", [UNSEEN, UNSEEN_OF_PEERS])
@pytest.mark.parametrize("seconds", [0.0, 0.000_01, 0.000_1, 0.000_3])
def test_a_look_is_never_more_than_so_many_messages_away_nor_beyond_the_turn(seconds: float, unseen: int) -> None:
    handled = 1
    while handled < ROUNDS * BATCH:
        step = until_look(handled, seconds * handled, unseen)
        if not step:
            break
        assert step <= min(unseen, 3 * handled)
        assert handled // BATCH == (handled + step - 1) // BATCH
        handled += step
    assert seconds * handled <= TURN_SPAN + seconds * unseen


def test_rounds_beyond_the_first_are_for_handlers_that_are_fast() -> None:
    assert until_look(BATCH, SPAN / 2, UNSEEN) == UNSEEN
    assert until_look(BATCH, SPAN, UNSEEN) == 0
    assert until_look(BATCH - 1, SPAN, UNSEEN) == 1


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
def test_the_short_way_of_a_turn_on_the_loop_is_that_of_all_others(part: float) -> None:
    for handled in range(1, ROUNDS * BATCH):
        seconds = part * (BRISK if handled < BATCH else SPAN)
        assert until_look(handled, seconds, UNSEEN) == STEPS[handled % BATCH]
