"""Names of what `peerbus new` makes: checked before a file is written, so that what is made can be imported and run."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
import unicodedata
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from ...actors.base import ConfigError

__all__ = ["ProjectNames", "ReactorNames"]

#: Letters of a name: it becomes a folder, a package, a network and a channel.
LONGEST = 40
_PROJECT = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")
#: Where a word of CamelCase begins: `HTTPGate` is `http_gate`.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: What nearly every program imports of peerbus: a class of that name would hide it.
_TAKEN = frozenset(
    {"Actor", "Address", "Bus", "Channel", "Message", "Node", "Peer", "Pool", "Reactor", "Ref", "Request", "Role"}
    | {"Stream", "Worker"}
)
#: What stands beside the package in its project.
_BESIDE = frozenset({"tests", "deploy", "keys", "wheels", "build", "dist"})


@dataclass(frozen=True, slots=True)
class ProjectNames:
    """`app`: the folder, the distribution and the network; `package`: what is imported."""

    app: str
    package: str

    @classmethod
    def of(cls, text: str) -> ProjectNames:
        """The names of a project called so. Raises ConfigError, which says what would be right."""
        if not _PROJECT.fullmatch(text) or len(text) > LONGEST:
            like = _plain(text)
            better = f", as {like!r}" if like and like != text else ""
            raise ConfigError(
                f"{text!r} is no name for a project: write lower-case letters, digits and '-', "
                f"a letter first, at most {LONGEST}{better}"
            )
        package = text.replace("-", "_")
        _check_importable(package, text)
        if package in _BESIDE:
            raise ConfigError(f"{text!r} is no name for a project: its folder {package}/ is for something else in it")
        if package == "peerbus" or _installed(package):
            raise ConfigError(
                f"{text!r} is no name for a project: its package would hide the installed {package!r}, "
                f"which is imported by the same name; write another, as '{text}-app'"
            )
        return cls(text, package)


@dataclass(frozen=True, slots=True)
class ReactorNames:
    """`cls`: the class, `module`: its file, `channel`: its channel, which is its name in addresses too."""

    cls: str
    module: str
    channel: str

    @classmethod
    def of(cls, text: str) -> ReactorNames:
        """The names of a reactor called so: `block-sync`, `block_sync` or `BlockSync`. Raises ConfigError."""
        module = _HUMP.sub("_", text).lower() if _CAMEL.fullmatch(text) else text.replace("-", "_")
        if not _PROJECT.fullmatch(module) or len(module) > LONGEST:
            raise ConfigError(
                f"{text!r} is no name for a reactor: write a word or some, block-sync or BlockSync, "
                f"of letters and digits, a letter first, at most {LONGEST}"
            )
        named = text if _CAMEL.fullmatch(text) else "".join(word.capitalize() for word in module.split("_"))
        _check_importable(module, text)
        if module == "peerbus":
            raise ConfigError(f"{text!r} is no name for a reactor: its file would hide the package peerbus")
        if named in _TAKEN or hasattr(builtins, named):
            where = "peerbus" if named in _TAKEN else "Python itself"
            other = f"my-{module.replace('_', '-')}"
            raise ConfigError(
                f"{text!r} is no name for a reactor: {named} is a name of {where}; write another, as {other!r}"
            )
        return cls(named, module, module.replace("_", "-"))


def _check_importable(name: str, text: str) -> None:
    """Raise ConfigError where a module of that name cannot be imported, or would stand before one of Python's own."""
    if keyword.iskeyword(name):
        raise ConfigError(f"{text!r} is a keyword of Python, and no module can be called so; write another name")
    if name in sys.stdlib_module_names:
        raise ConfigError(
            f"{text!r} is a module of Python's standard library, and yours would stand before it; "
            f"write another name, as 'my-{text.lower()}'"
        )


def _installed(name: str) -> bool:
    """A package of that name can be imported, and not because it stands in the working directory."""
    here = Path.cwd()
    found = PathFinder.find_spec(name, [each for each in sys.path if each and Path(each) != here])
    return found is not None and found.origin is not None


def _plain(text: str) -> str:
    """The nearest name that is right; nothing where none is near."""
    plain = unicodedata.normalize("NFKD", text)  # an accent is a sign of its own there
    words = re.findall(r"[a-z0-9]+", _HUMP.sub("-", re.sub(r"[\u0300-\u036f]", "", plain)).lower())
    found = "-".join(words)[:LONGEST].strip("-")
    return found if _PROJECT.fullmatch(found) else ""
