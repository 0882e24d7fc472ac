"""The ways to send, as types: what actors, buses, nodes and probes have takes what the types say."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, get_overloads

import pytest

from peerbus.actors import Actor, Bus
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
    taken = _keywords(getattr(of, verb))
    overloads = _overloads(VERBS[verb][0])
    assert len(overloads) > 1
    assert {name for overload in overloads for name in _keywords(overload)} == taken


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_its_method_and_no_wrapper_around_it(verb: str) -> None:
    def method(*_args: object, **_kwargs: object) -> Any: ...

    assert VERBS[verb][1](method) is method
    assert inspect.isfunction(getattr(Bus, verb))
    assert getattr(Bus, verb).__doc__


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
