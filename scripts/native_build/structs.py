"""`msgspec.Struct`s of the core become classes of it: compiled code reads their fields without a look-up.

In the source they stay structs, as an interpreter makes one of those in a fifth of the time of a class.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from .source import Source, bases_of, plain_name

__all__ = ["make_classes"]


def make_classes(sources: list[Source]) -> None:
    """Change all structs that stand in these modules, and those that stand on them."""
    classes = {made.name: (source, made) for source in sources for made in source.classes}
    for source, made in classes.values():
        bases = list(bases_of(made, classes))
        if any(
            plain_name(base) == "msgspec.Struct"
            for each in (made, *(above for _, above in bases))
            for base in each.bases
        ):
            _make_class(source, made, [above for _, above in reversed(bases)])
            for base, above in bases:
                if base is not source:
                    _import_names(source, base, above)


def _make_class(source: Source, made: ast.ClassDef, above: list[ast.ClassDef]) -> None:
    own = list(_fields(made))
    inherited = [field for each in above for field in _fields(each)]
    collected = not any(each.arg == "gc" for each in made.keywords)
    only_by_name = any(each.arg == "kw_only" for each in made.keywords)
    arguments = [*map(_argument, inherited), *(["*"] if only_by_name else []), *map(_argument, own)]
    sets = "; ".join(f"self.{_name(each)} = {_name(each)}" for each in (*inherited, *own))
    known = made.body[0]
    assert isinstance(known, ast.Expr), f"{source.name}.{made.name} has no docstring"
    source.replace(known, f"def __init__(self, {', '.join(arguments)}) -> None: {sets}")
    for field in own:
        if field.value is not None:
            source.replace(field, ast.unparse(ast.AnnAssign(field.target, field.annotation, None, 1)))
    bases = [ast.unparse(base) for base in made.bases if plain_name(base) != "msgspec.Struct"]
    head = f"class {made.name}({', '.join(bases)}):" if bases else f"class {made.name}:"
    # One object that is over is kept for the next: more mypyc does not.
    source.replace_line(made.lineno - 1, f"@mypyc_attr({'' if collected else 'acyclic=True, '}free_list_len=1)")
    source.replace_line(made.lineno, head)
    source.begin_for_types("from mypy_extensions import mypyc_attr")


def _import_names(source: Source, base: Source, above: ast.ClassDef) -> None:
    """Of what the fields of a base are declared with, what the module does not have itself."""
    had = {
        alias.asname or alias.name
        for each in source.tree.body
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }
    had |= {made.name for made in source.classes} | set(dir(builtins))
    nodes = [node for field in _fields(above) for node in (field.annotation, field.value) if node is not None]
    names = {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)} - had
    if names:
        source.begin(f"from peerbus.{base.name} import {', '.join(sorted(names))}")


def _fields(made: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    return (each for each in made.body if isinstance(each, ast.AnnAssign))


def _name(field: ast.AnnAssign) -> str:
    assert isinstance(field.target, ast.Name)
    return field.target.id


def _argument(field: ast.AnnAssign) -> str:
    default = "" if field.value is None else f" = {ast.unparse(field.value)}"
    return f"{_name(field)}: {ast.unparse(field.annotation)}{default}"
