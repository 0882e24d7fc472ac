"""What mypyc would take too narrowly: attributes that a class declares anew, and senders.

It gives an attribute one type in a line of classes. A sender is an actor's cell, or what stands for one that another
process runs, which is interpreted: it is asked for its address by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Source, bases_of

__all__ = ["widen"]


def widen(sources: list[Source]) -> None:
    """Declare each of them once, as anything: these are read by name anyhow, as they are protocols or read rarely."""
    classes = {made.name: (source, made) for source in sources for made in source.classes}
    changed = set()
    for source, made in classes.values():
        for name, declared in _declared(made):
            found = [
                (base, said)
                for base, above in bases_of(made, classes)
                for each, said in _declared(above)
                if each == name
            ]
            if found:
                first, said = found[-1]
                source.replace(declared, "pass")
                first.replace(said.annotation, "Any")
                changed.add(first)
    for source in sources:
        for each in ast.walk(source.tree):
            if isinstance(each, ast.arg) and each.annotation is not None and _is_sender(each.arg, each.annotation):
                source.replace(each.annotation, "Any")
                changed.add(source)
    for source in changed:
        source.begin("from typing import Any")


def _is_sender(name: str, annotation: ast.expr) -> bool:
    return name == "sender" and ast.unparse(annotation) in ("Addressee | None", "Cell | None")


def _declared(made: ast.ClassDef) -> Iterator[tuple[str, ast.AnnAssign]]:
    for each in made.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is None:
            yield each.target.id, each
