from __future__ import annotations

import sys
from functools import partial
from typing import Any

import pytest
from crunching import Counter, Pid

from peerbus.actors import Channel, ConfigError, Reactor, handles
from peerbus.node.workers.factory_path import FactoryPath, factory_path, import_path


class Abstract(Reactor):
    """It declares no channel."""


@pytest.mark.parametrize("given", ["crunching:Counter", Counter, partial(Counter), partial(partial(Counter))])
def test_a_class_a_partial_of_one_and_a_path_name_a_reactor(given: object) -> None:
    path = factory_path(given)
    assert (path, path.load()) == (FactoryPath("crunching:Counter"), Counter)


def test_its_arguments_go_along_as_plain_values() -> None:
    path = factory_path(partial(partial(Counter, 3)))
    assert (path.args, path.named) == ((3,), {})
    made = path.factory()
    assert isinstance(made, partial)
    assert (made.func, made.args) == (Counter, (3,))
    assert factory_path(partial(Counter, start=4)).named == {"start": 4}


class Placed(Reactor):
    channel = Channel("placed", messages=(Pid,))

    def __init__(self, at: tuple[int, ...], names: list[tuple[str, int]], when: object = None, *more: object) -> None:
        super().__init__()
        self.said = at, names, when, more

    @handles(Pid)
    def pid(self, _: Pid) -> int:
        return 0


def test_a_tuple_that_travelled_as_a_list_is_one_again_where_the_constructor_says_so() -> None:
    path = FactoryPath(f"{__name__}:Placed", ([1, 2], [["a", 3]], "2020-01-01", [4]), {})
    sys.modules.setdefault(__name__, sys.modules[Placed.__module__])
    made = path.factory()()
    assert isinstance(made, Placed)
    assert made.said == ((1, 2), [("a", 3)], "2020-01-01", ([4],))
    named = FactoryPath(f"{__name__}:Placed", (), {"at": [], "names": []}).factory()()
    assert isinstance(named, Placed)
    assert named.said == ((), [], None, ())


def test_what_another_process_cannot_make_is_refused_with_what_to_write() -> None:
    class Local(Reactor):
        channel = Channel("local", messages=(Pid,))

        @handles(Pid)
        def pid(self, _: Pid) -> int:
            return 0

    untyped: Any = Counter
    for given, words in (
        (Local, "is made inside of a function"),
        (lambda: Counter(3), "name a reactor class"),
        (len, "name a reactor class"),
        ("crunching", "is not an import path"),
        ("crunching:Nothing", "cannot be imported"),
        ("crunching:Pid", "not a reactor class"),
        ("__main__:Mine", "the program's own file"),
        (Abstract, "declares no channel"),
        (partial(untyped, start="four"), "args.start is 'four'"),
        (partial(untyped, begin=4), "begin"),
        (partial(untyped, start=object()), "object"),
        (partial(untyped, object()), "only numbers, texts, bytes"),
    ):
        with pytest.raises(ConfigError, match=words):
            factory_path(given)


def test_a_class_that_is_found_as_another_one_is_refused() -> None:
    false = type("Counter", (), {"__module__": "crunching"})
    with pytest.raises(ConfigError, match="another class"):
        import_path(false)
    with pytest.raises(ConfigError, match="does not find"):
        import_path(type("Nobody", (), {"__module__": "crunching"}))


def test_a_class_of_the_program_itself_gets_a_clear_error() -> None:
    mine = type("Mine", (Counter,), {"__module__": "__main__", "channel": Channel("mine", messages=(Pid,))})
    with pytest.raises(ConfigError, match=r"Mine stands in __main__, .* move the class to a module of its own"):
        factory_path(mine)
