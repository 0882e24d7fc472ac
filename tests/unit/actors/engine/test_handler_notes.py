"""What `@handles` writes down of a method, and what it refuses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from peerbus.actors.engine.handler_notes import check_reentrant, notes_of, plain, takes_sender
from peerbus.actors.engine.handlers import handles


def one(self: object, message: object) -> None: ...
def two(self: object, message: object, sender: object) -> None: ...
def more(self: object, message: object, *, verbose: bool = False) -> None: ...
def anything(*args: object) -> None: ...
def none(self: object) -> None: ...
def three(self: object, message: object, sender: object, more: object) -> None: ...
def named(self: object, message: object, *, verbose: bool) -> None: ...
def several(self: object, message: object) -> Any:
    yield message


@pytest.mark.parametrize(("method", "wants"), [(one, False), (two, True), (more, False), (anything, False)])
def test_a_method_that_has_room_for_the_sender_gets_it(method: Callable[..., None], wants: bool) -> None:
    assert takes_sender(method, None) is wants


@pytest.mark.parametrize("method", [none, three, named, several])
def test_what_cannot_be_called_with_a_message_is_refused(method: Callable[..., None]) -> None:
    with pytest.raises(TypeError, match=method.__name__):
        takes_sender(method, None)


def test_a_note_stands_in_the_class_by_the_name_of_its_method() -> None:
    class Noted:
        @handles(int, reentrant=True)  # type: ignore[arg-type]  # to a type checker two decorators stand for one
        @handles(str)
        async def take(self, message: object, sender: object) -> None: ...

        def other(self) -> None: ...

    (note,) = notes_of(Noted).values()
    assert list(notes_of(Noted)) == ["take"]
    assert note.message_types == (str, int)
    assert note.reentrant
    assert note.wants_sender


def test_two_handlers_of_one_name_are_refused() -> None:
    source = "class Doubled:\n" + 2 * "    @handles(int)\n    def take(self, message): ...\n"
    with pytest.raises(TypeError, match="two handlers are called 'take'"):
        exec(source, {"handles": handles, "__name__": __name__})  # noqa: S102  # a type checker sees it as well


def test_a_reentrant_handler_is_a_coroutine_function() -> None:
    with pytest.raises(TypeError, match="must be 'async def'"):
        check_reentrant(one)


def test_a_wrapped_function_is_looked_through() -> None:
    assert plain(staticmethod(one)) is one
    assert plain(functools.partial(one, 3)) is one
