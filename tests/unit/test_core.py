"""The synchronous core keeps to what a compiler asks: no coroutines, closed classes, annotations that are true.

Compiling it is of no use while half of a way is interpreted: so what the short ways of a send go through belongs here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from source_tree import CORE, MODULES, ROOT, Module, outside_the_core


def module(source: str, name: str = "actors.mailbox.ledger") -> Module:
    return Module(name, Path(MODULES[name].path), source)


@pytest.mark.parametrize("name", sorted(CORE))
def test_a_module_of_the_core_could_be_compiled(name: str) -> None:
    assert list(outside_the_core(MODULES[name])) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("async def run() -> None: ...", "is a coroutine's"),
        ("def f() -> object:\n    async def run() -> None: ...\n    return run", "is a coroutine's"),
        ("class A(int): ...", "lets A stand on int"),
        ("class A(Struct, frozen=True): ...", "gives A keywords"),
        ("class A(Cell, Ledger): ...", "lets A stand on two classes"),
        ("@runtime_checkable\nclass A(Protocol):\n    def f(self) -> int: ...", "lets A be looked for at run time"),
        ("class A:\n    f = g", "lets A have g by another name"),
        ("def f(a: int) -> object:\n    def g() -> int: ...\n    return g", "has the function g in f"),
        ("class A:\n    def __next__(self) -> int: ...", "is its own iterator"),
        ("def f(a) -> None: ...", "lets a of f be anything"),
        ("def f(a: Any | None) -> None: ...", "lets a of f be anything"),
        ("def f(a: int): ...", "lets f return anything"),
        ("a: Any = 1", "lets a be anything"),
        ("class A:\n    def f(self) -> None:\n        del self", "deletes self"),
        ("class A:\n    def f(self, a: int) -> None:\n        super().f(*a)", "hands on a tuple to super()"),
        (
            "def f(a: ZeroCopyTell) -> object:\n    return cast('tuple[int, bytes]', a.items[0])",
            "takes a view for bytes",
        ),
    ],
)
def test_what_a_compiler_does_not_take_is_found(source: str, fault: str) -> None:
    assert fault in "\n".join(outside_the_core(module(source)))


def test_what_it_takes_is_let_through() -> None:
    source = """
class A(Protocol[T]):
    b: list[Any]
    def c(self, d: A | None) -> A: ...
class B(A, Generic[T]):
    def __init__(self, *e: int, **f: str) -> None: ...
"""
    assert list(outside_the_core(module(source))) == []


def test_a_class_that_one_outside_stands_on_is_found_through_the_wall_between(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = module("from ..mailbox import Ledger as _, Ledger\nclass Mine(Ledger): ...", "actors.engine.load")
    monkeypatch.setitem(MODULES, "actors.engine.load", outside)
    assert any("derives from Ledger" in fault for fault in outside_the_core(MODULES["actors.mailbox.ledger"]))


def test_a_test_that_stands_on_a_class_of_the_core_is_run_on_the_pure_build_only() -> None:
    classes = (made for name in CORE for made in MODULES[name].classes)
    closed = {made.name for made in classes if "Protocol" not in " ".join(map(ast.unparse, made.bases))}
    texts = {path: path.read_text("utf-8") for path in ROOT.joinpath("tests").rglob("*.py")}
    found = [
        f"{path.relative_to(ROOT)}: {base}"
        for path, text in texts.items()
        for base in re.findall(r"^class \w+\((\w+)", text, re.MULTILINE)
        if base in closed and f"class {base}" not in text and "mark.pure(" not in text
    ]
    assert found == []
