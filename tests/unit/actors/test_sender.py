"""The ways to send, as types: what actors, buses, nodes and probes have takes what the types say."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, get_overloads

import pytest

from peerbus.actors import LOCAL, Actor, Bus
from peerbus.actors.sender import AskMethod, TellManyMethod, TellMethod, asks, tells, tells_many
from peerbus.testing import Probe

VERBS: dict[str, tuple[type, Any]] = {
    "tell": (TellMethod, tells),
    "tell_many": (TellManyMethod, tells_many),
    "ask": (AskMethod, asks),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("of", [Actor, Bus, Probe])
def test_all_that_sends_takes_what_the_type_says(of: type, verb: str) -> None:
    taken = _options(getattr(of, verb))
    overloads = _overloads(VERBS[verb][0])
    assert len(overloads) > 1
    assert {name for overload in overloads for name in _options(overload)} == taken
    assert all(_options(overload) == _keywords(overload) for overload in overloads), "by name, says the type"


async def test_a_second_message_is_no_timeout_and_a_timeout_no_type_of_an_answer() -> None:
    sends: Any = Bus()  # type checkers refuse all of this
    for verb, more, why in (
        ("tell", "two", "the timeout is 'two'"),
        ("ask", "two", "two"),
        ("ask", 5.0, "5.0"),
    ):
        with pytest.raises(TypeError, match=why):
            getattr(sends, verb)(LOCAL / "sum", "one", more)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_its_method_and_no_wrapper_around_it(verb: str) -> None:
    def method(*_args: object, **_kwargs: object) -> Any: ...

    assert VERBS[verb][1](method) is method
    assert inspect.isfunction(getattr(Bus, verb))
    assert getattr(Bus, verb).__doc__


def _options(function: Any) -> set[str]:
    """What stands behind the receiver and the message."""
    return set(list(inspect.signature(function).parameters)[3:])


def _keywords(function: Any) -> set[str]:
    return {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _overloads(kind: type) -> Sequence[Any]:
    def named() -> None:
        """What Python finds them by."""

    named.__module__, named.__qualname__ = kind.__module__, f"{kind.__qualname__}.__call__"
    return get_overloads(named)
