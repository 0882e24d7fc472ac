"""Tests over real sockets and processes ask for a state; none sleeps until it should be so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from source_tree import ROOT

#: Where tests run on the clock of the machine. The others have a virtual one, on which a sleep costs nothing.
REAL = ("tests/e2e", "tests/contract", "tests/examples", "tests/brokers", "tests/interop", "tests/browser")
#: Seconds: a shorter sleep is one between two looks, a longer one that of a handler that is to be cancelled.
LOOKS_AGAIN, STANDS_STILL = 0.1, 60.0
#: What says that a test runs on a virtual clock.
VIRTUAL = ("in_virtual_time", "sim")
#: Functions of tests on a virtual clock that others call.
CALLED_THERE = frozenset({"tests/e2e/test_overbearing_peer.py: trickle_on"})


def test_no_test_in_real_time_sleeps() -> None:
    found = {place for folder in REAL for path in sorted((ROOT / folder).glob("*.py")) for place in _sleeps(path)}
    found |= {place for path in sorted(ROOT.glob("examples/*/test_*.py")) for place in _sleeps(path)}
    assert sorted(found - CALLED_THERE) == [], "wait for what it waits for: `eventually`, an answer, a line of a log"
    assert sorted(CALLED_THERE - found) == []


def _sleeps(path: Path) -> Iterator[str]:
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and not _virtual(function):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.sleep", "time.sleep"):
                    seconds = node.args[0] if node.args else None
                    value = seconds.value if isinstance(seconds, ast.Constant) else None
                    if isinstance(value, int | float) and LOOKS_AGAIN <= value < STANDS_STILL:
                        yield f"{path.relative_to(ROOT)}: {function.name}"


def _virtual(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = [ast.unparse(each) for each in function.decorator_list]
    marks += [each.arg for each in function.args.args]
    marks += [
        name
        for inner in ast.walk(function)
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in map(ast.unparse, inner.decorator_list)
    ]
    return any(mark in VIRTUAL for mark in marks)
