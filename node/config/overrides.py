"""What stands above a configuration's file: variables of the environment, and above those `--set key=value`."""

# Law 1. File < environment < --set, key by key: a table is joined, a list is replaced.
# Law 2. The environment is everybody's: Kubernetes puts PEERBUS_PORT there where a service is called peerbus. So what
#        is no key of a configuration is ignored there, and told; after --set it is an error.
# Law 3. A value is TOML; what is not TOML is a text as it stands. So no quotes are needed where a text is wanted.

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...actors.base import ConfigError
from ...actors.engine import CHECK_SENDS
from ...native import PURE

__all__ = ["PREFIX", "Override", "from_environment", "from_words", "joined", "key_text", "leaves", "too_large"]

PREFIX = "PEERBUS_"
#: What parts a key from the next, where a shell allows no dot.
_DOT = "__"
#: Variables with that prefix that other parts of the package read.
_OTHERS = frozenset({CHECK_SENDS, PURE})
#: A key that is written without quotes (TOML 1.0, "Keys").
_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: What Kubernetes, and Docker before it, tell containers of a service ("Environment variables", Service).
_OF_A_SERVICE = re.compile(
    r".*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


@dataclass(frozen=True, slots=True)
class Override:
    """One value above the file: `text` is how it was written, `origin` where: `--set`, or the name of the variable."""

    key: tuple[str, ...]
    value: object
    text: str
    origin: str

    @property
    def name(self) -> str:
        """The key as text."""
        return key_text(self.key)

    @property
    def yields(self) -> bool:
        """Is left out where it is no key of a configuration."""
        return self.origin.startswith(PREFIX)

    @property
    def of_a_service(self) -> bool:
        """Looks like a variable by which containers are told of a service."""
        return bool(_OF_A_SERVICE.fullmatch(f"_{self.origin.removeprefix(PREFIX)}"))


def from_environment(environment: Mapping[str, str]) -> list[Override]:
    """The variables that begin with `PEERBUS_`: `PEERBUS_PEERS__MAX_CONNECTED` is `peers.max_connected`."""
    found: list[Override] = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in _OTHERS:
            key = tuple(name.removeprefix(PREFIX).lower().split(_DOT))
            found += _overrides(key, environment[name], name)
    return found


def from_words(words: Iterable[str]) -> list[Override]:
    """What stood after each `--set`: `peers.max_connected=8`. Raises: ConfigError."""
    found: list[Override] = []
    for word in words:
        key, equals, text = word.partition("=")
        while equals and key.count('"') % 2:  # the sign stands in a quoted key
            more, equals, text = text.partition("=")
            key = f"{key}={more}"
        try:
            path = _path(tomllib.loads(f"{key} = 0")) if equals and "\n" not in key else ()
        except tomllib.TOMLDecodeError:
            path = ()
        if not path:
            shown = key.strip() or word.partition("=")[0]
            raise ConfigError(f"--set: {shown!r} is no key and value; write --set peers.max_connected=8")
        found += _overrides(path, text.strip(), "--set")
    return found


def joined(
    values: Mapping[str, Any], overrides: Iterable[Override], name: str
) -> tuple[dict[str, Any], list[Override]]:
    """The values of the file `name` with what stands above them, and what was left out, as it yields.

    Raises: ConfigError for a key of what is no table.
    """
    result: dict[str, Any] = dict(values)
    return result, [override for override in overrides if not _put(result, override, name)]


def leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each key that is no table, with its value, in the order in which they are written."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def key_text(key: Iterable[str]) -> str:
    """A key as TOML writes it: dotted, with quotes where they must be."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in key)


def too_large(value: object) -> bool:
    """An integer with more than 64 bits, which is none of TOML (1.0, "Integer"), although Python reads it."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _overrides(key: tuple[str, ...], text: str, origin: str) -> Iterator[Override]:
    value = _value(text)
    if isinstance(value, dict):
        for more, leaf in leaves(value):
            yield Override((*key, *more), leaf, text, origin)
    else:
        yield Override(key, value, text, origin)


def _value(text: str) -> object:
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # no TOML, or a number with more digits than Python reads
        return text
    return text if len(read) > 1 or too_large(read["value"]) else read["value"]  # more: on further lines


def _path(table: Mapping[str, Any]) -> tuple[str, ...]:
    if len(table) != 1:
        return ()
    ((key, inner),) = table.items()
    return (key, *_path(inner)) if isinstance(inner, dict) else (key,)


def _put(values: dict[str, Any], override: Override, name: str) -> bool:
    table = values
    for depth, part in enumerate(override.key[:-1], start=1):
        inner = table.get(part, {})
        if not isinstance(inner, dict):
            if override.yields and not isinstance(inner, list):
                return False
            above = key_text(override.key[:depth])
            kind = "a list" if isinstance(inner, list) else "one value"
            problem = f"{above} is {kind} in {name}, which has no keys; set {above} as a whole"
            raise ConfigError(f"{override.origin}: {override.name}: {problem}")
        table[part] = inner = dict(inner)
        table = inner
    table[override.key[-1]] = override.value
    return True
