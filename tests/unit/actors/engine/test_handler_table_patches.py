"""Handlers are found by name: methods of every kind, and what is patched in their place."""

from __future__ import annotations

import functools
from typing import Any
from unittest import mock

import pytest
from handled_store import Get, GetMore, Put, Store, answers, on, one

from peerbus.actors import LOCAL, Actor, Bus, Ref, handles
from peerbus.testing.kit.probes import Probes


@pytest.fixture(params=["looked up at each call", "called without a look-up"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors of a program that replaces no methods, and of its tests."""
    if request.param == "called without a look-up":
        monkeypatch.setattr("peerbus.actors.engine.handler_table._replaces_methods", lambda: False)


pytestmark = pytest.mark.usefixtures("road")


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
