"""The annotations of the synchronous core are true: a compiler would make checks of them.

Random programs run while every call in a module of the core has its arguments, and what it returns, compared with what
its function is annotated to take and to return. Protocols and type variables are no check to a compiler, nor here.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import threading
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, FrameType, FunctionType, NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import pytest
from program_runs import run
from programs import Program
from source_tree import CORE, MODULES

#: What a parameter is called, and `return`: what may stand there.
Hints = dict[str, Any]


def hints_of(name: str) -> dict[CodeType, Hints]:
    """Every function of a module of the core, by its code."""
    module = importlib.import_module(f"peerbus.{name}")
    names = dict(vars(module))
    for imported in MODULES[name].imports:  # those for type checkers only, too
        if imported.name is not None:
            names[imported.name] = getattr(importlib.import_module(f"peerbus.{imported.target}"), imported.name)
    for node in ast.walk(MODULES[name].tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {each.name: getattr(importlib.import_module(node.module), each.name) for each in node.names}
    written = (each for each in functions(module) if each.__code__.co_filename != "<string>")  # not by `dataclass`
    return {function.__code__: typing.get_type_hints(function, names) for function in written}


def functions(owner: object) -> Iterator[FunctionType]:
    for made in vars(owner).values():
        if isinstance(made, property):
            yield from (each for each in (made.fget, made.fset) if isinstance(each, FunctionType))
        elif isinstance(made, classmethod | staticmethod):
            yield made.__func__  # type: ignore[misc]  # of functions only
        elif isinstance(made, FunctionType):
            if made.__module__ == getattr(owner, "__module__", getattr(owner, "__name__", "")):
                yield made
        elif isinstance(made, type) and made.__module__ == getattr(owner, "__name__", ""):
            yield from functions(made)


def fits(value: object, hint: Any) -> bool:
    """Whether a compiler's check would let `value` through; of containers, a little of what is in them."""
    if hint is None or hint is NoneType:
        return value is None
    origin, args = get_origin(hint), get_args(hint)
    if origin in (typing.Union, UnionType):
        return any(fits(value, each) for each in args)
    if origin is Literal:
        return value in args
    kind = origin or hint
    if kind is float:
        return isinstance(value, float | int)
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return True
    if not isinstance(value, kind):
        return False
    if kind is tuple and isinstance(value, tuple) and args and args[-1] is not ...:
        return len(value) == len(args) and all(map(fits, value, args))
    if isinstance(value, Mapping) and len(args) == 2:
        return all(fits(key, args[0]) and fits(each, args[1]) for key, each in list(value.items())[:3])
    if isinstance(value, Collection) and args:
        return all(fits(each, args[0]) for each in list(value)[:3])
    return True


class Look:
    """A profile function that compares each call of the core with its annotations."""

    def __init__(self) -> None:
        self._hints = {code: hints for name in CORE for code, hints in hints_of(name).items()}
        self.untrue: dict[str, None] = {}
        self.seen: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, result: object) -> None:
        code = frame.f_code
        hints = self._hints.get(code)
        if hints is None:
            return
        if event == "call":
            self.seen.add(code)
            for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
                if name in hints and name in frame.f_locals:
                    self._compare(code, name, frame.f_locals[name], hints[name])
        elif event == "return" and result is not None and not code.co_flags & inspect.CO_GENERATOR:
            self._compare(code, "return", result, hints.get("return", object))

    def _compare(self, code: CodeType, name: str, value: object, hint: Any) -> None:
        if not fits(value, hint):
            self.untrue[f"{code.co_filename}:{code.co_qualname}: {name} is {hint}, and {type(value).__name__} came"] = (
                None
            )


def untrue_in(action: Callable[[], object]) -> Look:
    look = Look()
    before = sys.getprofile()
    threading.setprofile(look)
    sys.setprofile(look)
    try:
        action()
    finally:
        sys.setprofile(before)
        threading.setprofile(before)
    return look


@pytest.mark.seeds(6)
def test_what_the_core_is_called_with_is_what_it_says(peerbus_seed: int) -> None:
    look = untrue_in(lambda: run(Program.random(peerbus_seed, nodes=1 + peerbus_seed % 2)))
    assert list(look.untrue) == []
    assert look.seen, "nothing of the core was called"


@pytest.mark.parametrize(
    ("value", "hint", "so"),
    [
        (1, int | None, True),
        (None, int | None, True),
        ("1", int | None, False),
        (1, float, True),
        ([1, "2"], list[int], False),
        ((1, memoryview(b"")), tuple[int, bytes], False),
        ((1, 2), tuple[int, ...], True),
        ({"a": 1}, dict[str, int], True),
        ({"a": "b"}, Mapping[str, int], False),
        (len, Callable[[object], int], True),
        (1, Callable[[], int], False),
        ("a", Literal["a", "b"], True),
        ("c", Literal["a", "b"], False),
    ],
)
def test_a_value_is_compared_with_its_annotation_as_a_compiler_would(value: object, hint: Any, so: bool) -> None:
    assert fits(value, hint) is so
