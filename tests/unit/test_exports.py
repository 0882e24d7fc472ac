"""What each package exports: sorted, there, documented, and meaning one thing in the whole package."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from types import ModuleType

import pytest

PACKAGES = ("actors", "transports", "discovery", "patterns", "node", "operate", "testing")


def _package(name: str) -> ModuleType:
    return importlib.import_module(f"peerbus.{name}")


def _names(name: str) -> list[str]:
    return list(getattr(_package(name), "__all__", ()))


def _place(export: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as linters sort them; each in the order of the alphabet."""
    return (0 if export.isupper() else 1 if export[0].isupper() else 2, export)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_list_of_exports_is_sorted_and_names_nothing_twice(name: str) -> None:
    assert _names(name) == sorted(set(_names(name)), key=_place)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_export_is_there(name: str) -> None:
    assert [export for export in _names(name) if not hasattr(_package(name), export)] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_every_exported_class_and_function_says_what_it_is(name: str) -> None:
    package = _package(name)
    silent = [
        export
        for export in _names(name)
        if (inspect.isclass(value := getattr(package, export)) or inspect.isroutine(value))
        and not (value.__doc__ or "").strip()
    ]
    assert silent == []


@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_public_is_in_a_package_without_being_exported(name: str) -> None:
    package = _package(name)
    unlisted = [
        key
        for key, value in vars(package).items()
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isroutine(value))
        and value.__module__.startswith("peerbus.")
        and key not in _names(name)
    ]
    assert unlisted == []


def test_a_name_is_exported_by_one_package_only() -> None:
    count = Counter(export for name in PACKAGES for export in _names(name))
    assert [name for name, times in count.items() if times > 1] == []
