"""What a dataclass says of itself: its docstring, and what its fields are declared as. mypyc keeps neither.

Without its own docstring help() says how it is made. A field that may be None is declared as a `type` there, and one of
names and numbers as any mapping: what reads such an object from JSON by its class refuses it, or takes too much.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Source, plain_name

__all__ = ["keep_words"]


def keep_words(sources: list[Source]) -> None:
    """Give each its own when its module is through: behind the last line, so that none moves.

    By a function, as mypyc lets nobody assign to what a class has.
    """
    for source in sources:
        for made in source.classes:
            if any(_is_dataclass(each) for each in made.decorator_list):
                source.append(source.tree.body[-1], "".join(f"\n{line}" for line in _words(made)))


def _words(made: ast.ClassDef) -> Iterator[str]:
    fields = (each for each in made.body if isinstance(each, ast.AnnAssign))
    declared = {ast.unparse(each.target): ast.unparse(each.annotation) for each in fields}
    yield f"setattr({made.name}, '__doc__', {ast.get_docstring(made, clean=False)!r})"
    yield f"setattr({made.name}, '__annotations__', {declared!r})"
    yield f"setattr({made.name}.__init__, '__annotations__', {declared | {'return': None}!r})"
    kept = f"getattr({made.name}, '__dataclass_fields__')"
    yield from (f"setattr({kept}[{name!r}], 'type', {said!r})" for name, said in declared.items())


def _is_dataclass(decorator: ast.expr) -> bool:
    return plain_name(decorator.func if isinstance(decorator, ast.Call) else decorator) == "dataclass"
