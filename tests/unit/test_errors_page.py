"""docs/errors.md has every error of the bus that a user can meet, and nothing else."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from peerbus.actors import PeerbusError

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
PACKAGES = ("actors", "transports", "discovery", "patterns", "node", "operate", "testing")
#: Each section: the name of the error, and what the page says of it.
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))


def _errors() -> dict[str, type[BaseException]]:
    """Every public class below PeerbusError, wherever it stands, and every error that a package exports."""
    for name in PACKAGES:
        package = importlib.import_module(f"peerbus.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    left: list[type[BaseException]] = [PeerbusError]
    found: dict[str, type[BaseException]] = {}
    while left:
        each = left.pop()
        if each.__module__.startswith("peerbus.") and not each.__name__.startswith("_"):
            found[each.__name__] = each
        left += each.__subclasses__()
    for name in PACKAGES:
        package = importlib.import_module(f"peerbus.{name}")
        for export in getattr(package, "__all__", ()):
            value = getattr(package, export)
            if inspect.isclass(value) and issubclass(value, BaseException):
                found[export] = value
    return found


def test_every_error_has_its_section_and_every_section_its_error() -> None:
    assert sorted(SECTIONS) == sorted(_errors())


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_says_cause_and_cure(name: str) -> None:
    assert re.search(r"^\*\*Cause\.\*\* \S+", SECTIONS[name], re.MULTILINE)
    assert re.search(r"^\*\*Cure\.\*\* \S+", SECTIONS[name], re.MULTILINE)


def test_each_phase_of_a_deadline_is_in_its_table() -> None:
    known = set(re.findall(r"^\| `(\w+)` \|", SECTIONS["DeadlineExceeded"], re.MULTILINE))
    sources = [path.read_text(encoding="utf-8") for floor in PACKAGES for path in (ROOT / floor).rglob("*.py")]
    made = {phase for text in sources for phase in re.findall(r'\bphase="(\w+)"', text)}
    assert made <= known, "a send can end in a phase that the page does not know"


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_each_error_names_the_command_that_explains_it(name: str) -> None:
    error = _errors()[name].__new__(_errors()[name], "text")
    assert getattr(error, "help", "") == f"peerbus explain {name}"
