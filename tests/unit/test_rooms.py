"""The folders inside the floors are rooms: each has its place in an order, and a wall that is its only door."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict

import pytest
from source_tree import BESIDE, FLOORS, LOOSE, MODULES, ROOMS, ROOT, WALLS, Module, over_a_wall, upstairs

#: What a table of plug-ins loads by its name, so that nothing else is imported for it: see `transports/kinds.py`.
BY_NAME = {"KIND"}


def test_every_folder_has_its_place_in_the_order_of_its_floor() -> None:
    assert list(ROOMS) == [*FLOORS, BESIDE]
    placed = {f"{floor}.{room}" for floor, rooms in ROOMS.items() for room in rooms if room != LOOSE}
    assert set(WALLS) <= placed
    assert placed <= MODULES.keys(), "a room that is not there"


def test_the_page_on_architecture_says_what_is_in_each_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [wall.partition(".")[2] for wall in WALLS]
    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_a_room_imports_rooms_below_it_only() -> None:
    assert [line for module in MODULES.values() for line in upstairs(module)] == []


def test_what_a_room_has_is_imported_from_its_wall() -> None:
    assert [line for module in MODULES.values() for line in over_a_wall(module)] == []


def test_folders_stand_one_deep() -> None:
    deep = [name for name, module in MODULES.items() if name.count(".") > 1 and module.path.name == "__init__.py"]
    assert deep == []


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_names_what_is_used_outside_and_nothing_else(wall: str) -> None:
    outside = [module for module in MODULES.values() if ".".join(module.package) != wall]
    used = {i.name for module in outside for i in module.imports if i.target == wall}
    exported = _exports(MODULES[wall])
    if None not in used:  # else the room is imported as a whole: `from . import demo`
        used |= _used_by_programs()[wall] | BY_NAME
        assert [name for name in exported if name not in used] == []
    assert sorted(exported) == sorted(set(exported))


def _exports(module: Module) -> list[str]:
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


@functools.cache
def _used_by_programs() -> dict[str, set[str | None]]:
    """What examples, benchmarks and fuzz targets import from each wall."""
    found: dict[str, set[str | None]] = defaultdict(set)
    for folder in ("examples", "benchmarks", "fuzz"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("peerbus."):
                    found[node.module.removeprefix("peerbus.")] |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize(
    ("name", "source", "up", "over"),
    [
        ("discovery.book.fake", "from ..mind import PeerManager", 1, 0),
        ("discovery.book.fake", "from ..facts import Ban", 0, 0),
        ("discovery.book.fake", "from ..facts.bans import Ban", 0, 1),
        ("discovery.book.fake", "from .schema import MIGRATIONS", 0, 0),
        ("discovery.book.fake", "from .. import PeerManager", 1, 0),
        ("discovery.book.fake", "if TYPE_CHECKING:\n    from ..mind.manager import PeerManager", 1, 1),
        ("discovery.mind.fake", "def later():\n    from peerbus.discovery.shell import Peers", 1, 0),
        ("node.fake", "from ..discovery.shell.peers import Peers", 0, 1),
        ("node.fake", "from . import demo", 1, 0),
        ("operate.demo.fake", "from ..admin import Admin", 0, 0),
        ("operate.demo.fake", "from ..cli import main", 1, 0),
        ("__main__", "from .operate.demo.worker import main", 0, 1),
    ],
)
def test_the_rules_of_the_rooms_see_every_way(name: str, source: str, up: int, over: int) -> None:
    module = Module(name, ROOT / (name.replace(".", "/") + ".py"), source)
    assert len(list(upstairs(module))) == up
    assert len(list(over_a_wall(module))) == over
