"""Handlers are found by name: an override, a decorator and a mock are what is called."""

from __future__ import annotations

import functools
import gc
from abc import abstractmethod
from typing import Any

import pytest
from handled_store import Get, GetMore, Put, Store, answers, on

from peerbus.actors import Actor, Address, Bus, handles


@pytest.fixture(params=["looked up at each call", "called without a look-up"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors of a program that replaces no methods, and of its tests."""
    if request.param == "called without a look-up":
        monkeypatch.setattr("peerbus.actors.engine.handler_table._replaces_methods", lambda: False)


pytestmark = pytest.mark.usefixtures("road")


async def test_an_override_without_a_decorator_is_called() -> None:
    class Own(Store):
        def get(self, wanted: Get) -> str:
            return f"own, {super().get(wanted)}"

        async def put(self, put: Put, sender: Address[Any] | None) -> str:
            return f"own, {await super().put(put, sender)}"

    assert await answers(Own, Get("a"), Put("b")) == ["own, store has a", "own, store took b of None"]


async def test_an_override_may_take_the_sender_or_leave_it() -> None:
    class Own(Store):
        def get(self, wanted: Get, sender: object = "nobody") -> str:
            return f"{wanted.key} for {sender}"

        async def put(self, put: Put) -> str:  # type: ignore[override]  # fewer arguments
            return put.key

    assert await answers(Own, Get("a"), Put("b")) == ["a for None", "b"]


async def test_a_mixin_overrides_as_in_any_class() -> None:
    class Loud:
        def get(self, wanted: Get) -> str:
            found: str = super().get(wanted)  # type: ignore[misc]  # of the class that it is mixed into
            return found.upper()

    class Own(Loud, Store):
        pass

    class Behind(Store, Loud):
        pass

    assert await answers(Own, Get("a")) == ["STORE HAS A"]
    assert await answers(Behind, Get("a")) == ["store has a"]


async def test_a_mixin_that_is_no_actor_brings_handlers() -> None:
    class Getting:
        @handles(Get)
        def get(self, wanted: Get) -> str:
            return wanted.key

    class Own(Getting, Actor):
        pass

    class Again(Own):
        def get(self, wanted: Get) -> str:
            return f"again {wanted.key}"

    assert await answers(Own, Get("a")) == ["a"]
    assert await answers(Again, Get("a")) == ["again a"]


async def test_an_abstract_handler_is_made_concrete_without_a_decorator() -> None:
    class Abstract(Actor):
        @handles(Get)
        @abstractmethod
        def get(self, wanted: Get) -> str: ...

    class Concrete(Abstract):
        def get(self, wanted: Get) -> str:
            return wanted.key

    assert await answers(Concrete, Get("a")) == ["a"]
    async with Bus() as bus:
        with pytest.raises(TypeError, match="abstract"):
            bus.spawn(Abstract)


async def test_an_override_with_another_decorator_handles_what_that_says() -> None:
    class Own(Store):
        @handles(Get, GetMore, Put)
        def get(self, wanted: Get | Put) -> str:
            return f"own {wanted.key}"

    assert await answers(Own, Get("a"), GetMore("b"), Put("c")) == ["own a", "own b", "own c"]


def test_an_override_that_would_leave_a_message_without_a_handler_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Own\.get takes the place of Store\.get, which handles Get: name that in its"):

        class Own(Store):
            @handles(GetMore)
            def get(self, wanted: GetMore) -> str:  # type: ignore[override]  # a Get does not fit any more
                return wanted.key


async def test_a_message_may_move_to_a_method_of_another_name() -> None:
    class Own(Store):
        @handles(GetMore)
        def get(self, wanted: GetMore) -> str:  # type: ignore[override]  # a Get goes elsewhere
            return f"more of {wanted.key}"

        @handles(Get)
        def plain(self, wanted: Get) -> str:
            return f"plain {wanted.key}"

    assert await answers(Own, GetMore("a"), Get("b")) == ["more of a", "plain b"]


async def test_a_handler_that_is_none_handles_nothing() -> None:
    class Own(Store):
        get = None  # type: ignore[assignment]

    async with Bus() as bus:
        with pytest.raises(Exception, match="has no handler of a Get"):
            await bus.ask(bus.spawn(Own), Get("a"))


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (property(lambda self: 1), "it must be a method, not <property"),
        (functools.cached_property(lambda self: 1), "it must be a method"),
        (3, r"Own\.get handles Get, so it must be a method, not 3"),
        (int, "it must be a method, not <class 'int'>"),
        (lambda self: 1, "must take"),
        (lambda self, wanted, sender, more: 1, "must take"),
        (lambda self, wanted, *, needed: 1, "nobody gives 'needed'"),
    ],
)
def test_an_override_that_cannot_be_a_handler_is_refused(other: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        type("Own", (Store,), {"get": other})


def shouting(method: Any) -> Any:
    @functools.wraps(method)
    def shout(*args: Any, **kwargs: Any) -> Any:
        return str(method(*args, **kwargs)).upper()

    return shout


def whispering(method: Any) -> Any:
    def whisper(self: Any, *args: Any) -> Any:  # without functools.wraps: nothing tells what is inside
        return f"({method(self, *args)})"

    return whisper


def first_only(method: Any) -> Any:
    @functools.wraps(method)
    def only(self: Any, message: Any) -> Any:
        return method(self, message, "no sender")

    return only


async def test_decorators_above_and_below_are_called() -> None:
    class Own(Actor):
        @shouting
        @handles(Get)
        def get(self, wanted: Get, sender: object) -> str:
            return f"{wanted.key} for {sender}"

        @whispering
        @handles(Put)
        @shouting
        def put(self, put: Put, sender: object) -> str:
            return f"{put.key} for {sender}"

        @first_only
        @handles(GetMore)
        def more(self, wanted: GetMore, sender: object) -> str:
            return f"{wanted.key} for {sender}"

    assert await answers(Own, Get("a"), Put("b"), GetMore("c")) == ["A FOR NONE", "(B FOR NONE)", "c for no sender"]


async def test_a_decorator_in_a_derived_class_is_called() -> None:
    class Own(Store):
        get = whispering(Store.get)
        put = handles(Put)(shouting(lambda self, put: put.key))

    assert await answers(Own, Get("a"), Put("b")) == ["(store has a)", "B"]


async def test_two_handles_on_one_method_add_up() -> None:
    class Own(Actor):
        @on(Get)  # type: ignore[untyped-decorator]  # see `on`
        @handles(Put)
        def both(self, message: Get | Put) -> str:
            return message.key

        @handles(str)
        @shouting
        @handles(bytes)
        def text(self, message: str | bytes) -> str:
            return f"{message!r}"

    assert await answers(Own, Get("a"), Put("b"), "c", b"d") == ["a", "b", "'C'", "B'D'"]


def test_two_handlers_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="two handlers are called 'get'"):

        class Own(Actor):
            @handles(Get)
            def get(self, wanted: Get) -> None: ...

            @handles(Put)  # type: ignore[no-redef]  # the mistake
            def get(self, wanted: Put) -> None: ...  # noqa: F811


@pytest.mark.parametrize("whose", ["own", "another's"])
async def test_a_method_that_an_actor_has_as_an_attribute_is_called(whose: str) -> None:
    class Named(Actor):
        def __init__(self, name: str = "it") -> None:
            super().__init__()
            self.name = name
            if name == "it":
                on_it: Any = self
                on_it.get = self.get if whose == "own" else Named("the other").get

        @handles(Get)
        def get(self, wanted: Get) -> str:
            return f"{self.name} has {wanted.key}"

    assert await answers(Named, Get("a")) == ["it has a" if whose == "own" else "the other has a"]


async def test_attributes_of_an_actor_stay_in_the_actor_and_move_into_no_dictionary() -> None:
    # In a dictionary, which whoever asks for it brings about, each takes longer to read and to set.
    async with Bus() as bus:
        ref = bus.spawn(Store, name="store")
        assert await bus.ask(ref, Get("a")) == "store has a"
        assert [each for each in gc.get_referents(ref._cell.actor) if isinstance(each, dict)] == []
