"""The package as its syntax trees show it: modules, what each imports, and the rooms that they stand in."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peerbus.native import COMPILED

ROOT = Path(__file__).resolve().parents[1]
#: Each floor may import itself and what stands before it. `testing` may import all; nobody imports it.
FLOORS = ("native", "actors", "transports", "discovery", "patterns", "node", "operate")
BESIDE = "testing"
#: The modules of a floor that stand in no folder, but for those that `ROOMS` names.
LOOSE = ""
#: The rooms of each floor, lowest first: folders, single modules, and all other modules of the floor (`LOOSE`). A room
#: imports rooms that stand before it, and nothing else of its floor.
ROOMS = {
    "native": (LOOSE,),
    "actors": ("base", "messages", "mailbox", "sends", "engine", "streams", "routing", LOOSE, "pools"),
    "transports": (
        "streams",
        "libp2p",
        "nats",
        "admission",
        "schema",
        "wire",
        "rules",
        "compression",
        "lanes",
        "sending",
        "receiving",
        "connection",
        LOOSE,
    ),
    "discovery": (
        "records",
        "facts",
        "book",
        "peer",
        "mind",
        "mdns",
        "folder",
        "dns",
        "pex",
        "network",
        "shell",
        LOOSE,
    ),
    "patterns": ("gossip", "singleton", LOOSE),
    "node": (
        "constructor",
        "identity_source",
        "logs",
        "node_arguments",
        "own_actors",
        "process",
        "blocksync",
        "network",
        "workers",
        "config",
        "views",
        LOOSE,
        "run",
        "schema",
    ),
    "operate": (
        "api",
        "serving",
        "page",
        "metrics",
        "tracing",
        "admin",
        LOOSE,
        "authority",
        "client",
        "dashboard",
        "demo",
        "doctor",
        "describing",
        "explaining",
        "scaffold",
        "top",
        "commands",
        "cli",
    ),
    "testing": ("leaks", "kit", "sim", "suites", LOOSE),
}

#: The synchronous core: modules that are compiled as they are. `outside_the_core` says what they keep to.
CORE = frozenset(COMPILED)
#: What a class of the core may stand on, beside classes of the core.
ROOTS = frozenset({"msgspec.Struct", "Protocol", "Generic", "Enum", "IntEnum", "NamedTuple"})
#: Keywords of structs, which the compiled build makes classes of (`scripts/native_build/structs.py`).
OF_STRUCTS = frozenset({"gc", "eq", "kw_only"})


@dataclass(frozen=True)
class Import:
    """One import of a module of ours: from where to where, and whether it happens when the module loads."""

    line: int
    target: str
    #: The name that is taken from the target; None where the target itself is taken.
    name: str | None
    at_load: bool


@dataclass(frozen=True)
class Room:
    """A room of a floor, and how many of its floor are below."""

    floor: str
    name: str
    below: int


@dataclass(frozen=True)
class Module:
    """One source file of the package, under the dotted name that it is imported by (`actors.base.errors`)."""

    name: str
    path: Path
    source: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree: read when somebody looks, as all of them take seconds in each process of the tests."""
        return ast.parse(self.source, str(self.path))

    @property
    def floor(self) -> str:
        return self.name.partition(".")[0]

    @property
    def package(self) -> list[str]:
        parts = self.name.split(".") if self.name else []
        return parts if self.path.name == "__init__.py" else parts[:-1]

    @property
    def lines(self) -> int:
        return len(self.source.splitlines())

    def place(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"

    @functools.cached_property
    def imports(self) -> list[Import]:
        """Every import of our own modules, absolute ones (`peerbus.…`) included."""
        return list(self._imports())

    @functools.cached_property
    def classes(self) -> list[ast.ClassDef]:
        """Every class that it defines."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]

    def _imports(self) -> Iterator[Import]:
        for node, at_load in _walk(self.tree, at_load=True):
            if isinstance(node, ast.ImportFrom):
                base = self._base(node)
                if base is not None:
                    for alias in node.names:
                        name = ".".join([*base, alias.name])
                        if name in MODULES:
                            yield Import(node.lineno, name, None, at_load)
                        else:
                            yield Import(node.lineno, ".".join(base), alias.name, at_load)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    head, _, rest = alias.name.partition(".")
                    if head == "peerbus":
                        yield Import(node.lineno, rest, None, at_load)

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
    roots = (ROOT / "__init__.py", ROOT / "__main__.py")
    for path in sorted(itertools.chain(roots, *(folder.rglob("*.py") for folder in folders))):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        modules[name] = Module(name, path, source)
    return modules


MODULES = _read()
#: The folders inside the floors: each is imported from outside by this name only, its `__init__`.
WALLS = [name for name, module in MODULES.items() if module.path.name == "__init__.py" and name.count(".") == 1]


def upward(module: Module) -> Iterator[str]:
    """Imports of `module` that go up the floors. The two files of the root have no floor."""
    floors = (*FLOORS, BESIDE)
    if module.floor not in floors:
        return
    for imported in module.imports:
        target = imported.target.partition(".")[0]
        if target in floors and floors.index(target) > floors.index(module.floor):
            yield f"{module.place(imported.line)} imports {imported.target}"


def room_of(name: str) -> Room | None:
    """The room of a module; None for the files of the root. A floor's own `__init__` stands above all of its rooms."""
    floor, _, rest = name.partition(".")
    if floor not in ROOMS:
        return None
    rooms = ROOMS[floor]
    if not rest:
        return Room(floor, "__init__", len(rooms))
    head = rest.partition(".")[0]
    room = head if head in rooms else LOOSE
    return Room(floor, room, rooms.index(room))


def upstairs(module: Module) -> Iterator[str]:
    """Imports of `module`, those for types only too, that go up inside its floor."""
    here = room_of(module.name)
    for imported in module.imports:
        there = room_of(imported.target)
        if here and there and here.floor == there.floor and there.below > here.below:
            yield f"{module.place(imported.line)} imports {imported.target}"


def over_a_wall(module: Module) -> Iterator[str]:
    """Imports of `module` that take something out of another folder, past the folder's `__init__`."""
    for imported in module.imports:
        wall = ".".join(imported.target.split(".")[:2])
        if wall in WALLS and imported.target != wall and ".".join(module.package) != wall:
            yield f"{module.place(imported.line)} imports {imported.target}"


def outside_the_core(module: Module) -> Iterator[str]:
    """What in a module of the core only an interpreter can run, or what would tie it to interpreted code.

    No coroutine; no class that stands on one outside or on two, or that one outside stands on; no keywords but those of
    structs; no `__next__`; no function in another, as a compiled one keeps itself (a lambda does not); every function
    annotated, nothing as just `Any`; no `del self`; no `super().f(*a)`, which hands on one tuple; no view called
    bytes. Protocols are no classes here: nobody makes an object of them, and nobody asks what is one, as a compiled one
    says it of nothing.
    """
    for node in ast.walk(module.tree):
        for fault in _faults(module, node):
            yield f"{module.place(getattr(node, 'lineno', 1))} {fault}"
    for other in MODULES.values():
        if other.name not in CORE:
            for made in other.classes:
                for base in () if _is_protocol(made) else made.bases:
                    if _definition(other, _plain_name(base))[0] == module.name:
                        yield f"{other.place(made.lineno)} derives from {ast.unparse(base)}, of {module.name}"


def _faults(module: Module, node: ast.AST) -> Iterator[str]:
    waits = isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    if waits or (isinstance(node, ast.comprehension) and node.is_async):
        yield "is a coroutine's"
    elif isinstance(node, ast.ClassDef):
        if any(each.arg not in OF_STRUCTS for each in node.keywords):
            yield f"gives {node.name} keywords"
        if not _is_protocol(node) and len([base for base in node.bases if _plain_name(base) != "Generic"]) > 1:
            yield f"lets {node.name} stand on two classes"
        for base in () if _is_protocol(node) else node.bases:
            name = _plain_name(base)
            if name not in ROOTS and _definition(module, name)[0] not in CORE:
                yield f"lets {node.name} stand on {name}"
        if any(ast.unparse(each) == "runtime_checkable" for each in node.decorator_list):
            yield f"lets {node.name} be looked for at run time"
        for each in node.body:
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name):
                yield f"lets {node.name} have {each.value.id} by another name"
    elif isinstance(node, ast.FunctionDef):
        yield from _loosely(node)
        inner = next((each for each in ast.walk(node) if isinstance(each, ast.FunctionDef) and each is not node), None)
        if inner is not None:
            yield f"has the function {inner.name} in {node.name}"
        if node.name == "__next__":
            yield "is its own iterator"
    elif isinstance(node, ast.Call) and _spreads_to_super(node):
        yield "hands on a tuple to super(), as one argument"
    elif isinstance(node, ast.Call) and _takes_views_for_bytes(module, node):
        yield "takes a view for bytes"
    elif isinstance(node, ast.AnnAssign) and _says_nothing(node.annotation):
        yield f"lets {ast.unparse(node.target)} be anything"
    elif isinstance(node, ast.Delete) and any(
        isinstance(each, ast.Name) and each.id == "self" for each in node.targets
    ):
        yield "deletes self"


def _takes_views_for_bytes(module: Module, call: ast.Call) -> bool:
    # What comes in may be either, and a compiled cast to a tuple looks at its parts.
    return ast.unparse(call.func) == "cast" and "bytes" in ast.unparse(call.args[0]) and "ZeroCopy" in module.source


def _spreads_to_super(call: ast.Call) -> bool:
    to_super = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "super()"
    return to_super and any(isinstance(each, ast.Starred) for each in call.args)


def _loosely(function: ast.FunctionDef) -> Iterator[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for each in named:
        if each is not None and each.arg not in ("self", "cls") and _says_nothing(each.annotation):
            yield f"lets {each.arg} of {function.name} be anything"
    if _says_nothing(function.returns):
        yield f"lets {function.name} return anything"


def _says_nothing(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.BinOp):
        return _says_nothing(annotation.left) or _says_nothing(annotation.right)
    return annotation is None or (isinstance(annotation, ast.Name) and annotation.id == "Any")


def _is_protocol(made: ast.ClassDef) -> bool:
    return any(_plain_name(base) == "Protocol" for base in made.bases)


def _plain_name(base: ast.expr) -> str:
    return ast.unparse(base.value if isinstance(base, ast.Subscript) else base)


def _definition(module: Module, name: str) -> tuple[str, str]:
    """Where a name of `module` is defined, through the walls that hand it on: module and name. Elsewhere: no module."""
    if any(made.name == name for made in module.classes):
        return module.name, name
    for imported in module.imports:
        if imported.name == name and imported.target in MODULES:
            return _definition(MODULES[imported.target], name)
    return "", name
