"""What is compiled is what the source says, changed where a compiler has to be told more, and no line of it moves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from native_build import staged
from native_build.source import Source
from native_build.statics import hold_constants, hold_statics
from source_tree import ROOT

from peerbus.native import COMPILED


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    return staged(ROOT, tmp_path_factory.mktemp("stage"))


def test_no_line_of_what_is_compiled_moves(sources: list[Source]) -> None:
    assert [source.name for source in sources] == list(COMPILED)
    for source in sources:
        original = ast.parse(ROOT.joinpath(*source.name.split(".")).with_suffix(".py").read_text("utf-8"))
        assert list(_functions(source.tree)) == list(_functions(original)), source.name


def test_what_is_compiled_says_of_nothing_twice_that_it_is_a_constant(sources: list[Source]) -> None:
    nodes = (node for source in sources for node in ast.walk(source.tree))
    said = [ast.unparse(node.annotation) for node in nodes if isinstance(node, ast.AnnAssign)]
    assert any(each.startswith("Final") for each in said)
    assert [each for each in said if each.find("Final") > 0 or each.count("Final") > 1] == []


def test_the_structs_of_the_core_are_classes_that_take_the_same(sources: list[Source]) -> None:
    made = {each.name: each for source in sources for each in source.classes}
    (begins,) = (
        each for each in made["Outgoing"].body if isinstance(each, ast.FunctionDef) and each.name == "__init__"
    )
    arguments = [each.arg for each in begins.args.args]
    assert arguments[:3] == ["self", "message", "sender"]
    assert arguments[-3:] == ["number", "origin", "payload"]
    assert len(begins.args.defaults) == len(arguments) - 2, "all but the message may be left out"
    assert not [base for each in made.values() for base in each.bases if ast.unparse(base) == "msgspec.Struct"]


def test_what_comes_of_interpreted_modules_is_read_from_constants(tmp_path: Path) -> None:
    source = _changed(tmp_path, "from os import getpid\ndef f(a: int) -> int:\n    return getpid() + a\n")
    assert "_held_getpid: Final = getpid" in source
    assert "return _held_getpid() + a" in source


@pytest.mark.parametrize(
    ("program", "held"),
    [
        ("MOST = 64", "MOST: Final = 64"),
        ("LEAST, MOST = 0.5, 64", "LEAST: Final = 0.5; MOST: Final = 64"),
        ("_KINDS: dict[str, int] = {\n    'a': 1,\n}", "_KINDS: Final[dict[str, int]] = {\n    'a': 1,\n}"),
        ("_NAMES = frozenset(\n    'a'\n)", "_NAMES: Final = frozenset(\n    'a'\n)"),
    ],
)
def test_what_is_written_in_capitals_is_a_constant(tmp_path: Path, program: str, held: str) -> None:
    assert f"\n{held}\n" in _changed(tmp_path, program + "\n", hold_constants)


@pytest.mark.parametrize(
    "program",
    [
        "T = TypeVar('T')",
        "Slots = dict[str, int]",
        "MOST = 1\nMOST = 2",
        "MOST = 1\ndef f() -> None:\n    global MOST\n    MOST = 2",
        "MOST: int",
        "MOST: Final = 1",
        "MOST: Final[int] = 1",
    ],
)
def test_what_is_none_or_is_bound_again_is_left_alone(tmp_path: Path, program: str) -> None:
    assert _changed(tmp_path, program + "\n", hold_constants).endswith(f"annotations\n\n{program}\n")


@pytest.mark.parametrize(
    "program",
    [
        "from os import getpid\ndef f(getpid: int) -> int:\n    return getpid\n",
        "from collections import deque\ndef f() -> object:\n    return deque[int]()\n",
        "from typing import cast\ndef f(a: object) -> int:\n    return cast(int, a)\n",
    ],
)
def test_names_that_are_something_else_too_are_left_alone(tmp_path: Path, program: str) -> None:
    assert "_held_" not in _changed(tmp_path, program)


def test_a_sender_may_be_what_stands_for_a_cell(sources: list[Source]) -> None:
    said = {ast.unparse(each.annotation) for source in sources for each in _senders(source.tree) if each.annotation}
    assert "Any" in said
    assert not said & {"Addressee | None", "Cell | None"}


def _senders(tree: ast.Module) -> Iterator[ast.arg]:
    return (each for each in ast.walk(tree) if isinstance(each, ast.arg) if each.arg == "sender")


def test_a_dataclass_keeps_its_docstring(sources: list[Source]) -> None:
    (ledger,) = (source for source in sources if source.name == "actors.mailbox.ledger")
    said = [ast.unparse(each) for each in ledger.tree.body if isinstance(each, ast.Expr)]
    assert any(each.startswith("setattr(Ledger, '__doc__', ") and "by the channel of its" in each for each in said)


def _changed(folder: Path, program: str, change: Callable[[list[Source]], None] = hold_statics) -> str:
    path = folder / "one.py"
    path.write_text(f"from __future__ import annotations\n\n{program}")
    source = Source("one", path)
    change([source])
    source.write()
    return path.read_text()


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            yield node.name, node.lineno
