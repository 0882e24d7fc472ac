"""The package itself: pyright reads it as mypy does, and has not to guess the types of what it exports."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from type_checkers import package_complaints, unannotated

#: Attributes that Pykka declares.
PYKKAS = ("actor_urn", "actor_inbox", "actor_stopped")

pytestmark = [pytest.mark.types, pytest.mark.timeout(600)]


def test_every_attribute_of_what_is_exported_is_annotated(tmp_path: Path) -> None:
    exported: set[str] = set()
    for package in ("actors", "transports", "discovery", "node", "testing"):
        module = import_module(f"peerbus.{package}")
        for name in module.__all__:
            export = getattr(module, name)
            exported.add(f"{getattr(export, '__module__', module.__name__)}.{name}")
    guessed = [
        name
        for name in unannotated("peerbus", tmp_path)
        if not name.endswith(PYKKAS) and (name in exported or name.rpartition(".")[0] in exported)
    ]
    assert guessed == []


def test_the_package_is_accepted_by_pyright(tmp_path: Path) -> None:
    assert package_complaints("peerbus", tmp_path) == []
