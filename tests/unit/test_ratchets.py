"""Rules that some of the package does not keep yet: tables of what breaks them, which may only become shorter.

Whoever mends an entry takes it out; nobody adds one.
"""

from __future__ import annotations

import ast
from collections import defaultdict

from source_tree import BESIDE, FLOORS, MODULES, ROOT, WALLS, Module

UNIT = ROOT / "tests" / "unit"
#: The lines that a file has at most.
LINES = 400
#: Files that have more, of the package or of its tests, and how many they may have.
LONG: dict[str, int] = {}
#: The lines that the statements of a function have at most; its arguments and its docstring are not counted.
STATEMENTS = 60
#: Functions that have more, of anything here, and how many they may have. A call in `run_turn` costs more than a
#: percent of each message; the mistakes are a program for type checkers, with one of them a line.
LONG_FUNCTIONS = {
    "actors/engine/turn.py: run_turn": 99,
    "tests/type_checks/mistakes/mistakes.py: sends": 67,
}
#: Modules without a test file of their own: tests of their floor reach them.
WITHOUT_TESTS: frozenset[str] = frozenset()


def test_no_file_becomes_too_long_and_none_that_is_grows() -> None:
    grown = {path: lines for path, lines in _long().items() if lines > LONG.get(path, LINES)}
    assert grown == {}, "split these: one idea a file"


def test_a_file_that_has_become_short_leaves_the_table() -> None:
    assert sorted(LONG.keys() - _long().keys()) == []


def test_no_function_becomes_too_long_and_none_that_is_grows() -> None:
    found = _long_functions()
    grown = {name: lines for name, lines in found.items() if lines > LONG_FUNCTIONS.get(name, STATEMENTS)}
    assert grown == {}, "split these: a step that has a name is a function"
    assert sorted(LONG_FUNCTIONS.keys() - found.keys()) == [], "a function that has become short leaves the table"


def test_a_name_of_a_class_stands_for_one_thing() -> None:
    doubled = {name: places for name, places in _classes().items() if len(places) > 1}
    assert doubled == {}, "one word, one meaning: call one of them something else"


def test_every_module_has_a_test_file_of_its_own() -> None:
    assert sorted(_without_tests() - WITHOUT_TESTS) == [], "tests/unit mirrors the package"


def test_a_module_that_has_got_its_test_file_leaves_the_table() -> None:
    assert sorted(WITHOUT_TESTS - _without_tests()) == []


def test_the_tests_have_no_room_that_the_package_has_not() -> None:
    rooms = {path.relative_to(UNIT) for floor in (*FLOORS, BESIDE) for path in (UNIT / floor).glob("*/")}
    named = {".".join(room.parts) for room in rooms if room.name != "__pycache__"}
    assert sorted(named - set(WALLS)) == []


def _long() -> dict[str, int]:
    tests = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py")}
    all_files = {module.path: module.lines for module in MODULES.values()} | tests
    return {str(path.relative_to(ROOT)): lines for path, lines in all_files.items() if lines > LINES}


def _long_functions() -> dict[str, int]:
    found = {}
    for folder in (*FLOORS, BESIDE, "tests", "examples", "benchmarks", "fuzz", "native", "scripts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if source.count("\n") <= STATEMENTS:
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    first = node.body[min(ast.get_docstring(node, clean=False) is not None, len(node.body) - 1)]
                    lines = (node.end_lineno or 0) - first.lineno + 1
                    if lines > STATEMENTS:
                        found[f"{path.relative_to(ROOT)}: {node.name}"] = lines
    return found


def _classes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, module in MODULES.items():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    return found


def _without_tests() -> set[str]:
    return {
        name
        for name, module in MODULES.items()
        if module.floor in (*FLOORS, BESIDE) and module.path.name != "__init__.py" and not _tests_of(module)
    }


def _tests_of(module: Module) -> bool:
    return (UNIT / module.path.relative_to(ROOT)).with_name(f"test_{module.path.name}").is_file()
