"""Templates: files of the package that look like what they become, but for some names."""

# Law 1. A template is a file `<path>.template`; {{word}} in its text is a value, and nothing else in it is special.
# Law 2. In its path a part that begins with `dot-` becomes hidden, and APP, PACKAGE, MODULE stand for the values of
#        these names: so no file of the package is hidden, or found by a tool that takes it for what it becomes.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["rendered"]

_SUFFIX = ".template"
_VALUE = re.compile(r"\{\{(\w+)\}\}")
_IN_PATH = re.compile(r"APP|PACKAGE|MODULE")


def rendered(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """The files of a kind of template, `project` or `reactor`: text by path. Raises KeyError for a value that lacks."""
    root = files(__package__ or "").joinpath("templates", kind)
    return dict(sorted(_rendered(root, "", values)))


def _rendered(folder: Traversable, path: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        name = f".{each.name.removeprefix('dot-')}" if each.name.startswith("dot-") else each.name
        name = _IN_PATH.sub(lambda found: values[found[0].lower()], name)
        if each.is_dir():
            yield from _rendered(each, f"{path}{name}/", values)
        elif each.name.endswith(_SUFFIX):
            text = each.read_text(encoding="utf-8")
            yield f"{path}{name.removesuffix(_SUFFIX)}", _VALUE.sub(lambda found: values[found[1]], text)
