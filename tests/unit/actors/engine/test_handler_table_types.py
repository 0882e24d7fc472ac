"""Handlers are held to what they are annotated with, and a reactor to its channel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from handled_store import Get, GetMore, Put, answers

from peerbus.actors import Actor, Channel, Reactor, Request, handles
from peerbus.actors.engine import factories_of


@pytest.fixture(params=["looked up at each call", "called without a look-up"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors of a program that replaces no methods, and of its tests."""
    if request.param == "called without a look-up":
        monkeypatch.setattr("peerbus.actors.engine.handler_table._replaces_methods", lambda: False)


pytestmark = pytest.mark.usefixtures("road")


@dataclass(frozen=True)
class Fetch:
    number: int


@dataclass(frozen=True)
class Fetched:
    number: int


class Opened:
    """It cannot travel."""


def test_a_handler_that_is_annotated_to_return_what_cannot_travel_is_refused_when_its_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"opened returns Opened, which cannot travel: Opened has no encoding"):

        class Wrong(Reactor):
            channel = Channel("fetches", messages=(Fetch,))

            @handles(Fetch)
            def opened(self, wanted: Fetch) -> Opened:
                return Opened()

    with pytest.raises(TypeError, match=r"many returns list\[Opened\], which cannot travel"):

        class Many(Reactor):
            channel = Channel("fetches", messages=(Fetch,))

            @handles(Fetch)
            async def many(self, wanted: Fetch) -> list[Opened]:
                return []


def test_a_handler_may_be_annotated_with_whatever_travels_or_says_nothing() -> None:
    class Right(Reactor):
        channel = Channel("fetches", messages=(Fetch,))

        @handles(Fetch)
        def fetch(self, wanted: Fetch) -> list[Fetched] | int | None:
            return None

    class Open(Reactor):
        channel = Channel("fetches", messages=(Fetch,))

        @handles(Fetch)
        def fetch(self, wanted: Fetch) -> object:
            return None

    class Never(Reactor):
        channel = Channel("fetches", messages=(Fetch,))

        @handles(Fetch)
        def fetch(self, wanted: Fetch) -> NoReturn:
            raise KeyError

    class Local(Actor):
        @handles(Fetch)
        def fetch(self, wanted: Fetch) -> Opened:
            return Opened()

    assert all(Fetch in each.__handlers__ for each in (Right, Open, Never, Local))


async def test_a_method_that_takes_another_message_than_it_is_marked_for_is_refused() -> None:
    with pytest.raises(
        TypeError, match=r"Wrong\.get takes Put, and is marked to handle Get: let @handles and put agree"
    ):

        class Wrong(Actor):
            @handles(Get)  # type: ignore[arg-type]  # the mistake
            def get(self, put: Put) -> None: ...

    with pytest.raises(TypeError, match=r"One\.get takes Get, and is marked to handle Put"):

        class One(Actor):
            @handles(Get, Put)  # type: ignore[arg-type]  # the mistake
            def get(self, message: Get) -> None: ...


async def test_a_method_may_take_more_or_something_that_nobody_can_tell() -> None:
    def asked(method: Callable[[Any, Get], object]) -> Callable[[Any, object], object]:
        @functools.wraps(method)
        def called(self: Any, message: object) -> object:
            return method(self, Get(str(message)))

        return called

    class Fine(Actor):
        @handles(GetMore)
        def more(self, wanted: Get) -> None: ...

        @handles(Get, Put)
        def both(self, message: Get | Put) -> None: ...

        @handles(int)
        def number(self, number: float) -> None: ...

        @handles(str)
        def text(self, text: Unknown) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # of a type checker

        @handles(bytes)
        def data(self, data: object) -> None: ...

        @handles(list)
        @asked
        def listed(self, wanted: Get) -> str:
            return wanted.key

    assert await answers(Fine, [1]) == ["[1]"]


HALF = Channel("half", messages=(Get, Put))


def test_a_reactor_that_handles_not_all_of_its_channel_is_not_made() -> None:
    class Base(Reactor):
        channel = HALF

        @handles(Get)
        def get(self, _wanted: Get) -> int:
            return 1

    class Nothing(Reactor):
        channel = HALF

    class Whole(Base):
        @handles(Put)
        def put(self, _put: Put) -> None: ...

    for reactor, missing in ((Base, "Put"), (Nothing, "Get, Put")):
        text = rf"{reactor.__name__} handles no {missing}, as its channel 'half' declares: give it a method"
        for made in (reactor, functools.partial(reactor)):
            with pytest.raises(TypeError, match=text):
                factories_of("reactors", [made])
        with pytest.raises(TypeError, match=text):
            reactor.start()
    factories_of("reactors", [Whole])


async def test_what_is_only_an_answer_needs_no_handler() -> None:
    class Named(Reactor):
        channel = HALF

        @handles(Get)
        def get(self, _wanted: Get) -> "list[Put] | None": ...  # noqa: UP037  # as without the __future__

    class Untold(Reactor):
        channel = HALF

        @handles(Get)
        def get(self, _wanted: Get):  # type: ignore[no-untyped-def]  # as in a program without types
            return Put("a")

    class Later(Reactor):
        channel = HALF

        @handles(Get)
        async def get(self, _wanted: Get) -> Put:
            return Put("a")

    class Own(Reactor):
        channel = HALF

        def on_receive(self, message: object) -> object:
            return message

    factories_of("reactors", [Named, Untold, Later, Own])


@dataclass(frozen=True)
class Ask(Request[int]):
    pass


def test_a_request_is_no_answer() -> None:
    class Untold(Reactor):
        channel = Channel("asked", messages=(Get, Ask))

        @handles(Get)
        def get(self, _wanted: Get) -> Any: ...

    with pytest.raises(TypeError, match="Untold handles no Ask"):
        Untold.start()
