"""Docstrings of dataclasses: what mypyc makes of one has none, and help() would say how it is made in its place."""

from __future__ import annotations

import ast

from .source import Source, plain_name

__all__ = ["keep_docstrings"]


def keep_docstrings(sources: list[Source]) -> None:
    """Give each its own when its module is through: behind the last line, so that none moves.

    By a function, as mypyc lets nobody assign to what a class has.
    """
    for source in sources:
        for made in source.classes:
            said = ast.get_docstring(made, clean=False)
            if said is not None and any(_is_dataclass(each) for each in made.decorator_list):
                source.append(source.tree.body[-1], f"\nsetattr({made.name}, '__doc__', {said!r})")


def _is_dataclass(decorator: ast.expr) -> bool:
    return plain_name(decorator.func if isinstance(decorator, ast.Call) else decorator) == "dataclass"
