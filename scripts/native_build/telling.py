"""What mypyc has to be told of classes that are more than their fields and methods."""

from __future__ import annotations

import ast

from .source import Source, plain_name

__all__ = ["tell_of_classes"]


def tell_of_classes(sources: list[Source]) -> None:
    """Exceptions stay classes of the interpreter, which have a dict; what has a place for weak references gets one."""
    for source in sources:
        told = {made: text for made in source.classes if (text := _told(made))}
        for made, text in told.items():
            source.replace_line(made.lineno - 1, f"@mypyc_attr({text})")
        if told:
            source.begin_for_types("from mypy_extensions import mypyc_attr")


def _told(made: ast.ClassDef) -> str:
    if any(plain_name(base).endswith(("Exception", "Error")) for base in made.bases):
        return "native_class=False"
    slots = [
        each.value
        for each in made.body
        if isinstance(each, ast.Assign) and [ast.unparse(target) for target in each.targets] == ["__slots__"]
    ]
    weak = any(
        isinstance(node, ast.Constant) and node.value == "__weakref__" for each in slots for node in ast.walk(each)
    )
    return "serializable=True" if weak else ""  # as a dict is what it takes a weak reference with
