"""What an actor did is a value: a test compares it, matches it, and finds each kind in the public package."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from peerbus import testing
from peerbus.actors import LOCAL
from peerbus.testing.kit.effects import Answered, Asked, Effect, TimerSet, Told

KINDS = pytest.mark.parametrize("kind", get_args(Effect), ids=lambda kind: kind.__name__)


@KINDS
def test_each_kind_of_effect_is_public_and_frozen(kind: type) -> None:
    assert getattr(testing, kind.__name__) is kind
    fields = [field.name for field in dataclasses.fields(kind)]
    one = kind(*fields)
    assert one == kind(*fields)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, fields[0], None)


def test_a_tell_is_not_an_ask_of_the_same() -> None:
    told: Effect = Told(LOCAL / "blocks", 1)
    assert told != Asked(LOCAL / "blocks", 1)


def test_an_effect_is_matched_by_what_it_says() -> None:
    match TimerSet(2.5, "tick", repeats=True):
        case TimerSet(delay, "tick", True):
            assert delay == 2.5
        case _:
            pytest.fail("it does not match")


def test_an_answer_is_a_value_or_an_error() -> None:
    assert Answered("get", 7) == Answered("get", value=7, error=None)
