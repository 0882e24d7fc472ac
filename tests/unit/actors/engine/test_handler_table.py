"""Handlers are found by name: an override, a decorator and a mock are what is called."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn
from unittest import mock

import pytest

from peerbus.actors import LOCAL, Actor, Address, Bus, Channel, Reactor, Ref, Request, handles
from peerbus.actors.engine import factories_of
from peerbus.testing.kit.probes import Probes


@dataclass(frozen=True)
class Get:
    key: str


@dataclass(frozen=True)
class Put:
    key: str


@dataclass(frozen=True)
class GetMore(Get):
    pass


class Store(Reactor):
    channel = Channel("store", messages=(Get, GetMore, Put))

    @handles(Get)
    def get(self, wanted: Get) -> str:
        return f"store has {wanted.key}"

    @handles(Put)
    async def put(self, put: Put, sender: Address[Any] | None) -> str:
        return f"store took {put.key} of {sender}"


@pytest.fixture(params=["looked up at each call", "called without a look-up"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors of a program that replaces no methods, and of its tests."""
    if request.param == "called without a look-up":
        monkeypatch.setattr("peerbus.actors.engine.handler_table._replaces_methods", lambda: False)


async def answers(actor_class: Callable[[], Actor], *messages: object) -> list[object]:
    """What an actor answers."""
    async with Bus() as bus:
        ref = bus.spawn(actor_class, name="one")
        return [await bus.ask(ref, message) for message in messages]


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


#: Hides types: what stands on it is wrong on purpose, or too odd for type checkers.
on: Any = handles


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


class Called:
    """An object in the place of a method, which does not learn of the actor."""

    def __call__(self, message: Get, sender: object = None) -> str:
        return f"called with {message.key} of {sender}"


async def test_methods_of_every_kind_are_called_as_python_calls_them() -> None:
    class Own(Actor):
        @on(Get)  # type: ignore[untyped-decorator]  # see `on`
        @staticmethod
        def alone(wanted: Get) -> str:
            return f"static {wanted.key}"

        @classmethod
        @handles(Put)
        def of_class(cls, put: Put) -> str:
            return f"{cls.__name__} {put.key}"

        def _with(self, prefix: str, message: str, sender: object, *, end: str) -> str:
            return f"{prefix}{message}{end} of {sender}"

        partly = on(str)(functools.partialmethod(_with, "<", end=">"))
        called = on(GetMore)(Called())

        @on(list, dict)  # type: ignore[untyped-decorator]  # see `on`
        @functools.singledispatchmethod
        def dispatched(self, message: object, sender: object) -> str:
            raise AssertionError

        @dispatched.register  # type: ignore[untyped-decorator]  # see `on`
        def _(self, message: list, sender: object) -> str:  # type: ignore[type-arg]  # what it dispatches on
            return f"list of {sender}"

        @handles(bytes)
        def __private(self, message: bytes) -> str:
            return f"private {message!r}"

        @handles(int)
        def many(self, message: int, sender: object, retries: int = 3, *, log: bool = True) -> str:
            return f"{message} {retries} {log}"

    assert await answers(Own, Get("a"), Put("b"), "c", GetMore("d"), b"e", 1, []) == [
        "static a",
        "Own b",
        "<c> of None",
        "called with d of None",
        "private b'e'",
        "1 3 True",
        "list of None",
    ]


async def test_another_name_for_a_handler_is_no_second_one() -> None:
    class Own(Store):
        get = Store.get
        fetch = Store.get

    assert await answers(Own, Get("a")) == ["store has a"]


def one(self: object, wanted: Get) -> Iterator[str]:
    yield wanted.key


@pytest.mark.parametrize("generator", [one, staticmethod(one)])
def test_a_generator_is_refused_where_it_is_marked_or_overrides(generator: Any) -> None:
    with pytest.raises(TypeError, match="is a generator: a handler returns its one answer"):
        handles(Get)(generator)
    with pytest.raises(TypeError, match="is a generator: a handler returns its one answer"):
        type("Own", (Store,), {"get": generator})


def test_what_is_reentrant_stays_async() -> None:
    class Own(Actor):
        @handles(Get, reentrant=True)
        async def get(self, wanted: Get) -> str:
            return wanted.key

    with pytest.raises(TypeError, match="is reentrant, so it must be 'async def'"):

        class Derived(Own):
            def get(self, wanted: Get) -> str:  # type: ignore[override]
                return wanted.key

    with pytest.raises(TypeError, match="@handles stands on a method, not on"):
        on(Get)(3)
    with pytest.raises(TypeError, match="@handles stands on a method, not on"):
        on(Get)(property(lambda self: 1))


# Mocks.


async def test_a_class_is_patched_before_the_actor_is_made() -> None:
    with mock.patch.object(Store, "get", return_value="mocked") as get:
        assert await answers(Store, Get("a")) == ["mocked"]
    get.assert_called_once_with(Get("a"))
    assert await answers(Store, Get("a")) == ["store has a"]


async def test_a_function_put_in_the_place_of_a_method_is_called_by_actors_made_from_then_on() -> None:
    with mock.patch.object(
        Store, "get", lambda self, wanted, sender: f"{wanted.key} of {sender}, {type(self).__name__}"
    ):
        assert await answers(Store, Get("a")) == ["a of None, Store"]


async def test_what_the_constructor_puts_in_the_place_of_a_method_is_called() -> None:
    class Own(Store):
        def __init__(self, prefix: str) -> None:
            super().__init__()
            self.get = lambda wanted: f"{prefix} {wanted.key}"  # type: ignore[method-assign]  # that is the case

    async with Bus() as bus:
        refs = [bus.spawn(Own, "one", name="one"), bus.spawn(Own, "two", name="two")]
        assert [await bus.ask(ref, Get("a")) for ref in refs] == ["one a", "two a"]


async def test_a_class_is_patched_while_its_actor_runs(request: pytest.FixtureRequest) -> None:
    if "without" in request.node.name:
        pytest.skip("a program that replaces methods has imported what does")
    async with Bus(reactors=[Store]) as bus:
        with mock.patch.object(Store, "put", autospec=True, return_value="mocked") as put:
            assert await bus.ask(LOCAL / Store, Put("a")) == "mocked"
        ((actor, message, sender), _), *rest = put.call_args_list
        assert (type(actor), message, sender, rest) == (Store, Put("a"), None, [])
        assert await bus.ask(LOCAL / Store, Put("a")) == "store took a of None"
        with mock.patch.object(Store, "get", side_effect=ValueError("no")), pytest.raises(Exception, match="no"):
            await bus.ask(LOCAL / Store, Get("a"))


async def test_an_actor_is_patched_while_it_runs(request: pytest.FixtureRequest, probe: Probes) -> None:
    if "without" in request.node.name:
        pytest.skip("a program that replaces methods has imported what does")
    store = await probe.alone(Store)
    with mock.patch.object(store.actor, "get", return_value="mocked") as get:
        assert await store.ask(Get("a")) == "mocked"
    get.assert_called_once_with(Get("a"))
    assert await store.ask(Get("a")) == "store has a"


def test_a_pykka_program_patches_its_actor() -> None:
    with mock.patch.object(Store, "get", return_value="mocked"):
        ref: Ref[Store] = Store.start()
        try:
            assert ref.ask(Get("a"), timeout=5) == "mocked"
        finally:
            ref.stop()


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
