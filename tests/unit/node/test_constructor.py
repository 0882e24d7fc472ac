"""Whether a configuration says what a reactor's constructor takes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from kinds import make_message

from peerbus.actors import Channel, Reactor
from peerbus.node.constructor import check_arguments

CHANNEL: Channel[Any] = Channel("work", messages=(make_message("Do", [("what", str)]),))


class Worker(Reactor):
    channel = CHANNEL

    def __init__(
        self,
        pace: float,
        names: list[str],
        mode: Literal["slow", "fast"] = "slow",
        limit: int | None = None,
        weights: dict[str, int] | None = None,
        other: Any = None,
    ) -> None:
        super().__init__()


class Plain(Reactor):
    channel = CHANNEL


@pytest.mark.parametrize(
    "given",
    [
        {"pace": 1, "names": []},
        {"pace": 1.5, "names": ["a"], "mode": "fast", "limit": 3, "weights": {"a": 1}, "other": [1, "x"]},
    ],
)
def test_what_it_takes_is_let_through(given: dict[str, object]) -> None:
    check_arguments(Worker, given)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"pace": 1}, "missing a required argument: 'names'"),
        ({"pace": 1, "names": [], "hurry": True}, "hurry"),
        ({"pace": "1", "names": []}, "args.pace is '1', not a number"),
        ({"pace": True, "names": []}, "args.pace is True, not a number"),
        ({"pace": 1, "names": "abc"}, r"args.names is 'abc', not a list \("),
        ({"pace": 1, "names": [1]}, "args.names"),
        ({"pace": 1, "names": [], "mode": "brisk"}, "not one of 'slow', 'fast'"),
        ({"pace": 1, "names": [], "limit": 1.5}, "args.limit is 1.5, not an integer"),
        ({"pace": 1, "names": [], "weights": {"a": "b"}}, "args.weights"),
    ],
)
def test_what_it_does_not_take_is_named(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        check_arguments(Worker, given)


def test_one_without_a_constructor_takes_nothing() -> None:
    check_arguments(Plain, {})
    with pytest.raises(TypeError, match="it takes no arguments, args has 'pace'"):
        check_arguments(Plain, {"pace": 1})
