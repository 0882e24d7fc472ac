"""What a compiled module imports from interpreted ones is held where compiled code finds it without a look-up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Source

__all__ = ["hold_statics"]

#: What is written before the name of what is held.
HELD = "_held_"
#: What only a type checker or the compiler itself makes something of.
UNHELD = frozenset(
    {"Any", "Final", "Generic", "NamedTuple", "Protocol", "TYPE_CHECKING", "TypeVar", "cast", "overload"}
)


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
    return found | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _of_types(tree: ast.Module) -> set[str]:
    """Names that are made more special where they are used, `Name[int]()`."""
    return {
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    }


def _read(tree: ast.Module) -> Iterator[ast.Name]:
    """Names that are read where functions run, and not in annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                yield from _values(statement)


def _values(node: ast.AST) -> Iterator[ast.Name]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _values(node.value)
    elif not isinstance(node, ast.FunctionDef | ast.ExceptHandler):
        for child in ast.iter_child_nodes(node):
            yield from _values(child)
    elif isinstance(node, ast.ExceptHandler):
        for child in node.body:
            yield from _values(child)
