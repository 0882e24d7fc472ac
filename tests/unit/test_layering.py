"""The house rules that no linter knows, read from the syntax trees of the whole package."""

from __future__ import annotations

import ast
import configparser

import pytest
from source_tree import MODULES, ROOT, Module, upward


def test_imports_run_down_the_floors_only() -> None:
    assert [line for module in MODULES.values() for line in upward(module)] == []


def test_the_tasks_of_the_engine_are_made_in_one_place() -> None:
    # By `new_task`: a program's own task factory may run a task inside the call that makes it.
    made = [
        module.place(node.lineno)
        for module in MODULES.values()
        if module.floor in ("actors", "transports", "discovery") and module.name != "actors.base.tasks"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and "create_task" in ast.unparse(node.func)
    ]
    assert [place for place in made if not place.startswith(("actors/engine/body.py", "actors/engine/cell.py"))] == []


def test_the_root_module_imports_nothing_of_the_package_when_it_is_loaded() -> None:
    # But for what chooses which build all others are of.
    loaded = [imported.target for imported in MODULES[""].imports if imported.at_load]
    assert loaded == ["native.build"]


def test_modules_of_the_package_import_one_another_relatively() -> None:
    absolute = [
        f"{module.place(node.lineno)} {ast.unparse(node)}"
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "peerbus")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "peerbus" for alias in node.names))
    ]
    assert absolute == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types only count. To import from a package's `__init__` is to import all that it re-exports."""
    waiting = {
        name: {i.target for i in module.imports if i.target in MODULES} - {name} for name, module in MODULES.items()
    }
    while free := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        for name in free:
            del waiting[name]
    assert {name: sorted(needs & waiting.keys()) for name, needs in waiting.items()} == {}


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: str(m.path.relative_to(ROOT)))
def test_a_file_begins_with_one_sentence_that_says_what_it_is(module: Module) -> None:
    text = ast.get_docstring(module.tree)
    assert text, f"{module.place(1)} has no docstring"
    first = text.splitlines()[0]
    assert first.rstrip().endswith((".", ":")), f"{module.place(1)} is not a sentence: {first!r}"


def test_only_the_command_line_prints() -> None:
    """The library logs; what a person reads at a terminal comes from `operate`'s command line and demo."""
    printing = [
        module.place(node.lineno)
        for module in MODULES.values()
        if module.name not in ("operate.cli", "operate.commands.demo") and not module.name.startswith("operate.demo.")
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


def test_the_root_holds_no_module_beside_the_package_and_what_builds_it() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "setup.py"}


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
    assert len(list(upward(Module(name, path, source)))) == complaints
