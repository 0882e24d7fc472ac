"""The pages of the API: what each public package exports, from its docstrings, laid out for mkdocstrings.

A package with many names has a page for each of its rooms, the folders that they come from; others have one page.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

__all__ = ["PACKAGES", "api_pages"]

#: The public packages, in the order in which somebody comes to need them.
PACKAGES = ("actors", "node", "testing", "patterns", "discovery", "transports", "operate")
#: Names on one page.
_MOST = 45
#: What the rooms of peerbus.actors are called for readers who do not know its code; a room of its own name otherwise.
_TITLES = {
    "": "Actors and the bus",
    "base": "Errors",
    "engine": "Handlers, refs and timers",
    "mailbox": "Mailboxes and the ledger",
    "messages": "Messages, channels, addresses and events",
    "pools": "Pools",
    "routing": "Routing",
    "sends": "Outcomes of sends",
    "streams": "Streams",
}


@dataclass(frozen=True)
class _Export:
    """One public name: `room` is the folder within the package that it comes from, empty for the package itself."""

    package: str
    name: str
    value: object

    @property
    def room(self) -> str:
        module = getattr(self.value, "__module__", "") or ""
        head = f"peerbus.{self.package}."
        inner = module.removeprefix(head).split(".") if module.startswith(head) else []
        return inner[0] if len(inner) > 1 else ""

    @property
    def summary(self) -> str:
        if not (inspect.isclass(self.value) or inspect.isroutine(self.value)):
            return ""
        text = inspect.getdoc(self.value) or ""
        return " ".join(text.split("\n\n")[0].split()).replace("|", r"\|")

    def document(self) -> str:
        """What asks mkdocstrings for it, with the members that it has of classes which are not public."""
        inherited = sorted(_from_private(self.value)) if inspect.isclass(self.value) else []
        options = f"    options:\n      inherited_members: {inherited}\n" if inherited else ""
        return f"::: peerbus.{self.package}.{self.name}\n{options}"


def api_pages() -> dict[str, str]:
    """For each page of the folder `api` its name and its Markdown."""
    pages = {"README.md": _index()}
    for package in PACKAGES:
        exports = list(_exports(package))
        if not exports:
            continue
        rooms: dict[str, list[_Export]] = {}
        for export in exports:
            rooms.setdefault(export.room, []).append(export)
        if len(exports) <= _MOST:
            pages[f"{package}.md"] = _page(package, _module(package), rooms, ".")
            continue
        pages[f"{package}/README.md"] = _overview(package, rooms)
        for room, inside in rooms.items():
            title = _TITLES.get(room, room.capitalize())
            body = "\n".join(export.document() for export in inside)
            pages[f"{package}/{room or 'package'}.md"] = f"# {title}\n\nOf `peerbus.{package}`.\n\n{body}"
    return pages


def _module(package: str) -> ModuleType:
    return importlib.import_module(f"peerbus.{package}")


def _exports(package: str) -> Iterator[_Export]:
    module = _module(package)
    for name in getattr(module, "__all__", ()):
        yield _Export(package, name, getattr(module, name))


def _index() -> str:
    lines = ["# API", "", "What is not on these pages is not public, and may change in any version.", ""]
    lines += ["| import from | what is there |", "| --- | --- |"]
    for package in PACKAGES:
        exports = list(_exports(package))
        if exports:
            page = f"{package}/README.md" if len(exports) > _MOST else f"{package}.md"
            text = (inspect.getdoc(_module(package)) or "").split("\n\n")[0]
            lines.append(f"| [`peerbus.{package}`]({page}) | {' '.join(text.split())} |")
    return "\n".join(lines) + "\n"


def _page(package: str, module: ModuleType, rooms: dict[str, list[_Export]], _here: str) -> str:
    exports = [export for inside in rooms.values() for export in inside]
    body = "\n".join(export.document() for export in exports)
    return f"# peerbus.{package}\n\n{inspect.getdoc(module)}\n\n{_table(exports, '')}\n\n{body}"


def _overview(package: str, rooms: dict[str, list[_Export]]) -> str:
    text = f"# peerbus.{package}\n\n{inspect.getdoc(_module(package))}\n"
    for room, inside in rooms.items():
        page = f"{room or 'package'}.md"
        text += f"\n## [{_TITLES.get(room, room.capitalize())}]({page})\n\n{_table(inside, page)}\n"
    return text


def _table(exports: list[_Export], page: str) -> str:
    lines = ["| name | what it is |", "| --- | --- |"]
    lines += [f"| [`{each.name}`]({page}#peerbus.{each.package}.{each.name}) | {each.summary} |" for each in exports]
    return "\n".join(lines)


def _from_private(cls: type) -> set[str]:
    """The public members that a class has of bases that no package exports, up to the first base that one does."""
    public = {export.value for package in PACKAGES for export in _exports(package) if inspect.isclass(export.value)}
    found: set[str] = set()
    for base in cls.__mro__[1:]:
        if base in public or not base.__module__.startswith("peerbus."):
            break
        found |= {
            name
            for name, value in vars(base).items()
            if (not name.startswith("_") and not inspect.isdatadescriptor(value)) or isinstance(value, property)
        }
    return {name for name in found if not name.startswith("_")} - set(vars(cls))
