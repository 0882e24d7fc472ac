"""A pool as it was written."""

from __future__ import annotations

from typing import Literal

from peerbus.actors import Actor, Resizer
from peerbus.actors.pools.plan import PoolPlan


def by_user(_: object) -> Literal["least"]:
    return "least"


def test_its_bounds_are_those_of_its_rule_and_its_pick_has_a_name() -> None:
    assert PoolPlan(Actor, 3).bounds == (1, 256)
    assert PoolPlan(Actor, 3, resizer=Resizer(lower=2, upper=5)).bounds == (2, 5)
    assert PoolPlan(Actor, 3, pick="all").shown_pick == "all"
    assert PoolPlan(Actor, 3, pick=by_user).shown_pick == "by by_user"


def test_where_nothing_is_said_the_first_answer_is_that_of_all() -> None:
    assert PoolPlan(Actor, 3).combine([7, 8]) == 7
