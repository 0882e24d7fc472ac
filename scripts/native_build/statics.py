"""Constants of a compiled module, and what it imports, are held where compiled code finds them without a look-up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Source

__all__ = ["hold_constants", "hold_statics"]

#: What is written before the name of what is held.
HELD = "_held_"
#: What only a type checker or the compiler itself makes something of.
UNHELD = frozenset(
    {"Any", "Final", "Generic", "NamedTuple", "Protocol", "TYPE_CHECKING", "TypeVar", "cast", "overload"}
)


def hold_constants(sources: list[Source]) -> None:
    """Say of each constant, which is written in capitals and bound once, that it is one: else it is an entry of a dict.

    A number becomes part of the code that reads it.
    """
    for source in sources:
        bound = [each.id for each in ast.walk(source.tree) if isinstance(each, ast.Name) if _binds(each)]
        bound += [name for each in ast.walk(source.tree) if isinstance(each, ast.Global) for name in each.names]
        for each in source.tree.body:
            match each:
                case ast.Assign([ast.Name(name) as target]) if _constant(name, bound):
                    source.replace(target, f"{name}: Final")
                case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values):
                    names = [ast.unparse(target) for target in targets]
                    if all(_constant(name, bound) for name in names):
                        told = zip(names, map(ast.unparse, values), strict=True)
                        source.replace(each, "; ".join(f"{name}: Final = {value}" for name, value in told))
                case ast.AnnAssign(annotation=annotation) if "Final" in ast.unparse(annotation):
                    continue  # it says so itself
                case ast.AnnAssign(ast.Name(name), annotation, value=ast.expr()) if _constant(name, bound):
                    source.replace(annotation, f"Final[{ast.unparse(annotation)}]")
                case _:
                    continue
            source.begin("from typing import Final")


def _constant(name: str, bound: list[str]) -> bool:
    return name.isupper() and len(name) > 1 and bound.count(name) == 1


def _binds(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def hold_statics(sources: list[Source]) -> None:
    """Read imported values, in functions, from constants of the module: an import is an entry of a dict.

    Classes and functions that are compiled with it are known to the compiler, and called directly.
    """
    compiled = {
        each.name for source in sources for each in source.tree.body if isinstance(each, ast.ClassDef | ast.FunctionDef)
    }
    for source in sources:
        names = _imported(source) - compiled - UNHELD
        used = (
            {node.id for node in _read(source.tree) if node.id in names} - _bound(source.tree) - _of_types(source.tree)
        )
        if not used:
            continue
        for node in _read(source.tree):
            if node.id in used:
                source.replace(node, HELD + node.id)
        last = [each for each in source.tree.body if isinstance(each, ast.Import | ast.ImportFrom)][-1]
        for name in sorted(used):
            source.append(last, f"; {HELD}{name}: Final = {name}")
        source.begin("from typing import Final")


def _imported(source: Source) -> set[str]:
    return {
        alias.asname or alias.name
        for each in source.tree.body
        if isinstance(each, ast.ImportFrom) and each.module != "__future__"
        for alias in each.names
    }


def _bound(tree: ast.Module) -> set[str]:
    """Names that a function or a class has of its own, too."""
    found = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return found | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) if _binds(node)}


def _of_types(tree: ast.Module) -> set[str]:
    """Names that are made more special where they are used, `Name[int]()`."""
    return {
        node.value.id for node in _run(tree) if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    }


def _read(tree: ast.Module) -> Iterator[ast.Name]:
    """Names that are read where functions run, and not in annotations."""
    return (node for node in _run(tree) if isinstance(node, ast.Name) and not _binds(node))


def _run(tree: ast.Module) -> Iterator[ast.AST]:
    """What functions do: all but annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                yield from _values(statement)


def _values(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _values(node.value)
    elif not isinstance(node, ast.FunctionDef | ast.ExceptHandler):
        for child in ast.iter_child_nodes(node):
            yield from _values(child)
    elif isinstance(node, ast.ExceptHandler):
        for child in node.body:
            yield from _values(child)
