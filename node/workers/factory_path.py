"""The import path of a reactor with the arguments that it is made with: what another process can make it of."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...actors.actor import Actor
from ...actors.base import ConfigError
from ...actors.reactor import Reactor
from ..constructor import check_arguments

__all__ = ["FactoryPath", "factory_path", "import_path"]


class FactoryPath(msgspec.Struct, frozen=True):
    """`path` is `module:Class`; `args` and `named` are the arguments that the class is called with: plain values."""

    path: str
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = {}

    def load(self) -> type[Reactor]:
        """Import the class. Raises ConfigError."""
        return _reactor(self.path)

    def factory(self) -> Callable[[], Actor]:
        """What makes the reactor. Raises ConfigError."""
        made = self.load()
        if not (self.args or self.named):
            return made
        args, named = _as_declared(made, self.args, self.named)
        return functools.partial(made, *args, **named)


def factory_path(factory: object) -> FactoryPath:
    """That of a reactor class, of `functools.partial` of one with its arguments, or of `"module:Class"`.

    Raises ConfigError where another process could not make the reactor so: it says what to write.
    """
    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = {}
    if isinstance(factory, FactoryPath):
        args, named, factory = factory.args, factory.named, factory.path
    while isinstance(factory, functools.partial):
        args, named, factory = (*factory.args, *args), {**factory.keywords, **named}, factory.func
    if isinstance(factory, str):
        reactor = _reactor(factory)
        path = factory
    elif isinstance(factory, type) and issubclass(factory, Reactor):
        reactor, path = factory, import_path(factory)
    else:
        what = getattr(factory, "__qualname__", None) or repr(factory)
        raise ConfigError(
            f"{what} cannot run in a worker process: name a reactor class, functools.partial(…) of one, or its import "
            'path "package.module:Class"'
        )
    try:
        reactor.declared_channel()
        reactor.check_whole()
        if not args:
            check_arguments(reactor, named)
    except TypeError as error:
        raise ConfigError(f"{path} cannot be made in a worker process: {error}") from None
    for name, value in (*((str(place), each) for place, each in enumerate(args)), *named.items()):
        if not _travels(value):
            raise ConfigError(
                f"{path} cannot be made in a worker process: its argument {name} is {value!r}, and only numbers, "
                "texts, bytes, None, and lists and dicts of them can go there"
            )
    return FactoryPath(path, args, dict(named))


def import_path(named: type) -> str:
    """Where another process finds a class, `module:Class`. Raises ConfigError where it does not."""
    module, name = named.__module__, named.__qualname__
    if module == "__main__":
        raise ConfigError(
            f"{name} stands in __main__, the program's own file, which a worker process does not run: move the class "
            "to a module of its own, and import it from there"
        )
    if "<locals>" in name:
        raise ConfigError(
            f"{name} is made inside of a function, where a worker process does not find it: put the class on the top "
            f"level of its module {module}"
        )
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"a worker process does not find {module}:{name}: {error}") from None
    if found is not named:
        raise ConfigError(f"a worker process would find another class as {module}:{name} than the one that was given")
    return f"{module}:{name}"


def _reactor(path: str) -> type[Reactor]:
    module, colon, name = path.partition(":")
    if not (module and colon and name):
        raise ConfigError(f'{path!r} is not an import path; write "package.module:Class"')
    if module == "__main__":
        raise ConfigError(f"{path}: a worker process does not run the program's own file; move the class to a module")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # importing runs the user's code, which may raise anything
        where = "" if module in sys.modules else f"; looked in {', '.join(filter(None, sys.path[:3]))}, …"
        raise ConfigError(f"{path} cannot be imported: {type(error).__name__}: {error}{where}") from error
    if not (isinstance(found, type) and issubclass(found, Reactor)):
        raise ConfigError(f"{path} is {found!r}, not a reactor class")
    return found


def _as_declared(
    reactor: type[Reactor], args: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as its constructor declares them: a tuple travels as a list, and is one again where it says so."""
    try:
        hints = typing.get_type_hints(reactor.__init__)
        names = list(inspect.signature(reactor).parameters)
    except Exception:  # noqa: BLE001  # an annotation that only a type checker can resolve
        return args, dict(named)
    places = [*names[: len(args)], *[""] * (len(args) - len(names))]
    return (
        tuple(_converted(value, hints.get(name, Any)) for name, value in zip(places, args, strict=True)),
        {name: _converted(value, hints.get(name, Any)) for name, value in named.items()},
    )


def _converted(value: Any, wanted: Any) -> Any:
    try:
        made = msgspec.convert(value, wanted)
    except Exception:  # noqa: BLE001  # the constructor makes of it what it likes
        return value
    return made if _plain(made) == _plain(value) else value


def _travels(value: object) -> bool:
    try:
        return bool(msgspec.msgpack.decode(msgspec.msgpack.encode(value)) == _plain(value))
    except (TypeError, ValueError, RecursionError):
        return False


def _plain(value: object) -> object:
    """As it is read back: a tuple comes as a list."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
