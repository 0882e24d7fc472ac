"""Looks, while code runs, whether what the functions of some modules are given and return is what they declare."""

from __future__ import annotations

import ast
import collections.abc
import importlib
import inspect
import sys
import threading
import types
import typing
from collections import deque
from collections.abc import Iterable
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, Self

from source_tree import MODULES

__all__ = ["AnnotationWatch", "fits"]

#: Elements of a list, set or mapping that are looked at.
SOME = 3


def fits(value: object, declared: Any) -> bool:
    """Whether a value is of a declared type, as far as one sees: what says nothing, or what cannot be asked, fits."""
    if declared is Any or declared is object or isinstance(declared, typing.TypeVar):
        return True
    if declared is None or declared is type(None):
        return value is None
    origin, parts = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is typing.Literal:
        return value in parts
    if origin is collections.abc.Callable:
        return callable(value)
    kind = origin or declared
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return True
    if kind is float:
        return isinstance(value, int | float)
    if not isinstance(value, kind):
        return False
    if isinstance(value, tuple) and parts:
        if kind is not tuple or parts[-1] is Ellipsis:
            return all(fits(each, parts[0]) for each in value[:SOME])
        return len(value) == len(parts) and all(map(fits, value, parts))
    if isinstance(value, list | deque | set | frozenset) and parts:
        return all(fits(each, parts[0]) for each in list(value)[:SOME])
    if isinstance(value, dict) and len(parts) == 2:
        some = list(value.items())[:SOME]
        return all(fits(key, parts[0]) and fits(each, parts[1]) for key, each in some)
    return True


class AnnotationWatch:
    """`with AnnotationWatch(names) as watch: …` for functions of the package's modules of these names (`actors.bus`).

    In this thread, and in those that start meanwhile.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self._declared: dict[CodeType, dict[str, Any]] = {}
        #: What did not fit, in words; and the functions that were called.
        self.faults: set[str] = set()
        self.called: set[str] = set()
        for name in modules:
            self._read(importlib.import_module(f"peerbus.{name}"), _names_in(name))

    def __enter__(self) -> Self:
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _read(self, module: ModuleType, names: dict[str, object]) -> None:
        for made in list(vars(module).values()):
            if getattr(made, "__module__", None) != module.__name__:
                continue
            for each in [made, *(vars(made).values() if inspect.isclass(made) else ())]:
                function = getattr(each, "fget", None) or getattr(each, "__func__", each)
                if inspect.isfunction(function) and not function.__code__.co_filename.startswith("<"):
                    self._declared[function.__code__] = typing.get_type_hints(function, names)

    def _look(self, frame: FrameType, event: str, value: object) -> None:
        declared = self._declared.get(frame.f_code)
        if declared is None:
            return
        code = frame.f_code
        if event == "call":
            self.called.add(code.co_qualname)
            for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
                if name in declared and not fits(frame.f_locals[name], declared[name]):
                    self._fault(code, name, frame.f_locals[name], declared[name])
        elif event == "return" and value is not None and not code.co_flags & inspect.CO_GENERATOR:
            # None is what an error leaves behind as well.
            result = declared.get("return", Any)
            if not fits(value, result):
                self._fault(code, "its result", value, result)

    def _fault(self, code: CodeType, what: str, value: object, declared: object) -> None:
        self.faults.add(f"{code.co_filename}: {what} of {code.co_qualname} is {type(value)}, not {declared}")


def _names_in(name: str) -> dict[str, object]:
    """What the names of a module stand for, those that only a type checker imports included."""
    source = MODULES[name]
    found = dict(vars(importlib.import_module(f"peerbus.{name}")))
    for each in source.imports:
        if each.name is not None:
            found[each.name] = getattr(importlib.import_module(f"peerbus.{each.target}"), each.name)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            module = importlib.import_module(node.module)
            found |= {each.asname or each.name: getattr(module, each.name) for each in node.names}
    return found
