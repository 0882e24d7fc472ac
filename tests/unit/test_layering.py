"""The house rules that no linter knows, read from the syntax trees of the whole package."""

from __future__ import annotations

import ast
import configparser
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Each package may import itself and what stands before it. `testing` may import all; nobody imports it.
FLOORS = ("actors", "transports", "discovery", "node")
BESIDE = "testing"
#: Above this a module is split, or says why not in its first comment.
LINES_THAT_FIT_A_HEAD = 400


@dataclass(frozen=True)
class Import:
    """One import of a module of ours: from where to where, and whether it happens when the module loads."""

    line: int
    target: str
    at_load: bool


@dataclass(frozen=True)
class Module:
    """One source file of the package, under the dotted name that it is imported by (`actors.errors`)."""

    name: str
    path: Path
    source: str
    tree: ast.Module

    @property
    def floor(self) -> str:
        return self.name.partition(".")[0]

    @property
    def package(self) -> list[str]:
        parts = self.name.split(".") if self.name else []
        return parts if self.path.name == "__init__.py" else parts[:-1]

    def imports(self) -> Iterator[Import]:
        """Every import of our own modules, absolute ones (`peerbus.…`) included."""
        for node, at_load in _walk(self.tree, at_load=True):
            if isinstance(node, ast.ImportFrom):
                base = self._base(node)
                if base is not None:
                    for alias in node.names:
                        name = ".".join([*base, alias.name])
                        target = name if name in MODULES else ".".join(base)
                        yield Import(node.lineno, target, at_load)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    head, _, rest = alias.name.partition(".")
                    if head == "peerbus":
                        yield Import(node.lineno, rest, at_load)

    def _base(self, node: ast.ImportFrom) -> list[str] | None:
        named = node.module.split(".") if node.module else []
        if node.level:
            return self.package[: len(self.package) - node.level + 1] + named
        return named[1:] if named[:1] == ["peerbus"] else None


def _walk(tree: ast.AST, *, at_load: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it runs when the module is loaded (not in a function, not for types only)."""
    for child in ast.iter_child_nodes(tree):
        runs = at_load and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            runs = False
        yield child, runs
        yield from _walk(child, at_load=runs)


def _read() -> dict[str, Module]:
    modules = {}
    folders = [ROOT / name for name in (*FLOORS, BESIDE)]
    for path in sorted(itertools.chain(ROOT.glob("*.py"), *(folder.rglob("*.py") for folder in folders))):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        modules[name] = Module(name, path, source, ast.parse(source, str(path)))
    return modules


MODULES = _read()


def _place(module: Module, line: int) -> str:
    return f"{module.path.relative_to(ROOT)}:{line}"


def _floor_of(name: str) -> int:
    return len(FLOORS) if name == BESIDE else FLOORS.index(name)


def _upward(module: Module) -> Iterator[str]:
    """Imports of `module` that go up. Only a floor has a place; the two files of the root have none."""
    if module.floor not in (*FLOORS, BESIDE):
        return
    for imported in module.imports():
        target = imported.target.partition(".")[0]
        if target in (*FLOORS, BESIDE) and _floor_of(target) > _floor_of(module.floor):
            yield f"{_place(module, imported.line)} imports {imported.target}"


def test_imports_run_down_the_floors_only() -> None:
    assert [line for module in MODULES.values() for line in _upward(module)] == []


def test_the_tasks_of_the_engine_are_made_in_one_place() -> None:
    # By `new_task`: a program's own task factory may run a task inside the call that makes it.
    made = [
        _place(module, node.lineno)
        for module in MODULES.values()
        if module.floor in ("actors", "transports", "discovery") and module.name != "actors.base.tasks"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and "create_task" in ast.unparse(node.func)
    ]
    assert [place for place in made if not place.startswith(("actors/engine/body.py", "actors/engine/cell.py"))] == []


def test_the_root_module_imports_nothing_of_the_package_when_it_is_loaded() -> None:
    assert [imported for imported in MODULES[""].imports() if imported.at_load] == []


def test_modules_of_the_package_import_one_another_relatively() -> None:
    absolute = [
        f"{_place(module, node.lineno)} {ast.unparse(node)}"
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "peerbus")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "peerbus" for alias in node.names))
    ]
    assert absolute == []


def test_no_modules_import_each_other_in_a_circle_when_they_are_loaded() -> None:
    """A package's `__init__` only re-exports, so importing from it means importing all that it names."""
    waiting = {
        name: {i.target for i in module.imports() if i.at_load and i.target in MODULES} - {name}
        for name, module in MODULES.items()
    }
    while free := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        for name in free:
            del waiting[name]
    assert {name: sorted(needs & waiting.keys()) for name, needs in waiting.items()} == {}


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: str(m.path.relative_to(ROOT)))
def test_a_file_begins_with_one_sentence_that_says_what_it_is(module: Module) -> None:
    text = ast.get_docstring(module.tree)
    assert text, f"{_place(module, 1)} has no docstring"
    first = text.splitlines()[0]
    assert first.rstrip().endswith((".", ":")), f"{_place(module, 1)} is not a sentence: {first!r}"


def test_only_the_command_line_prints() -> None:
    """The library logs; what a person reads at a terminal comes from `node`'s command line and demo."""
    printing = [
        _place(module, node.lineno)
        for module in MODULES.values()
        if module.name != "node.cli" and not module.name.startswith("node.demo.")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_every_folder_of_modules_is_listed_in_setup_cfg() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = setup["options"]["packages"].split()
    folders = dict(line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines())
    found = {".".join(["peerbus", *module.package]) for module in MODULES.values()}
    assert sorted(listed) == sorted(found)
    assert folders == {
        name: "." if name == "peerbus" else name.removeprefix("peerbus.").replace(".", "/") for name in listed
    }


def test_every_folder_of_modules_has_an_init() -> None:
    folders = {module.path.parent for module in MODULES.values()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_root_holds_no_other_module() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_a_module_that_does_not_fit_in_a_head_says_why() -> None:
    unexplained = []
    for module in MODULES.values():
        lines = module.source.splitlines()
        if len(lines) > LINES_THAT_FIT_A_HEAD:
            comment = next((line for line in lines if line.lstrip().startswith("#")), "")
            if not re.search(r"\b(long|longer|lines|split|one file)\b", comment, re.IGNORECASE):
                unexplained.append(f"{module.path.relative_to(ROOT)}: {len(lines)} lines")
    assert unexplained == [], "split these, or begin with a comment such as '# Long because …'"


@pytest.mark.parametrize(
    ("name", "source", "complaints"),
    [
        ("actors.fake", "from ..transports.wire import Frame", 1),
        ("actors.fake", "def later():\n    from ..node import Node", 1),
        ("discovery.fake", "from peerbus.testing import clock", 1),
        ("transports.fake", "from ..actors.errors import ProtocolError\nimport json", 0),
        ("testing.fake", "from ..node import Node", 0),
    ],
)
def test_the_rule_of_the_floors_sees_every_way_up(name: str, source: str, complaints: int) -> None:
    path = ROOT / (name.replace(".", "/") + ".py")
    assert len(list(_upward(Module(name, path, source, ast.parse(source))))) == complaints
