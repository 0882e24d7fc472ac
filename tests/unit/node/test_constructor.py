"""What a configuration says of a reactor is compared with what its constructor takes, which is not called."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from peerbus.actors import Channel, Message, Reactor, handles
from peerbus.node.constructor import check_arguments


class Get(Message):
    pass


class Plain(Reactor):
    channel = Channel("plain", messages=(Get,))

    @handles(Get)
    def get(self, _: Get) -> None: ...


class Wants(Plain):
    def __init__(
        self,
        file: str,
        *,
        size: int = 1,
        share: float = 0.5,
        kind: Literal["a", "b"] = "a",
        names: list[str] | None = None,
        limits: dict[str, int] | None = None,
        folder: Path | None = None,
        loud: bool = False,
        other: Any = None,
    ) -> None:
        raise AssertionError("it is not called")


@pytest.mark.parametrize(
    "given",
    [
        {"file": "a"},
        {"file": "a", "size": 2, "share": 1, "kind": "b", "loud": True},
        {"file": "a", "names": ["a", "b"], "limits": {"a": 1}, "folder": "kept", "other": [1]},
    ],
)
def test_what_fits_is_taken(given: dict[str, object]) -> None:
    check_arguments(Wants, given)
    check_arguments(Plain, {})


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "missing a required argument: 'file'; it takes (file"),
        ({"file": "a", "sise": 1}, "unexpected keyword argument 'sise'"),
        ({"file": 1}, "args.file is 1, not a string"),
        ({"file": "a", "size": "1"}, "args.size is '1', not an integer"),
        ({"file": "a", "size": 3.0}, "args.size is 3.0, not an integer"),
        ({"file": "a", "names": "a"}, "args.names is 'a', not a list"),
        ({"file": "a", "size": True}, "args.size is True, not an integer"),
        ({"file": "a", "share": "half"}, "args.share is 'half', not a number"),
        ({"file": "a", "kind": "c"}, "args.kind is 'c', not one of 'a', 'b'"),
        ({"file": "a", "names": ["a", 1]}, "args.names is ['a', 1], not a list"),
        ({"file": "a", "limits": {"a": "1"}}, "not a table"),
        ({"file": "a", "loud": 1}, "args.loud is 1, not true or false"),
    ],
)
def test_what_does_not_names_the_argument_and_what_it_takes(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(TypeError) as caught:
        check_arguments(Wants, given)
    assert complaint in str(caught.value)


def test_a_reactor_without_a_constructor_of_its_own_takes_nothing() -> None:
    with pytest.raises(TypeError, match="it takes no arguments, args has 'file'"):
        check_arguments(Plain, {"file": "a"})
