"""A table of a TOML file, read key by key; each error names the file, the line, the key and what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...actors.base import ConfigError, did_you_mean, nearest
from .overrides import Override, key_text, leaves

__all__ = ["Source", "TomlTable", "path_in"]

T = TypeVar("T")


def path_in(folder: Path, text: str) -> Path:
    """The path of a text, relative to `folder`; `~` is a user's home. Raises ValueError."""
    if not text or "\0" in text:
        raise ValueError(f"{text!r} is not a path")
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # no HOME and no entry of this user, or no user of that name
        home = text.partition("/")[0]
        raise ValueError(f"the home of {home} is not known on this machine; write the path out") from None


_HEADER = re.compile(r"\s*\[(?P<array>\[)?\s*(?P<key>[^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*(?P<key>[A-Za-z0-9_\-.\"' ]+?)\s*=")
#: What somebody pasted in the wrong place: no error shows it, as errors are kept in logs.
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(-----END [A-Z ]*-----|$)", re.DOTALL)
_NAMES = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The text that a table was read from, kept to find the line of a key in it, and what stands above that text."""

    name: str
    text: str
    #: The last one of a key holds.
    overrides: tuple[Override, ...] = ()
    #: Those of them that are no key of a configuration, and need not be.
    ignored: list[Override] = field(default_factory=list, compare=False)
    #: Every key that was asked for: what a configuration can say.
    known: set[str] = field(default_factory=set, compare=False)

    def error(self, key: str, problem: str) -> ConfigError:
        """The error to raise about `key`, a dotted path such as `peers.persistent[1]`."""
        table = key.rpartition(".")[0] or key
        above = {f"{each.origin} {each.name}": None for each in self.overrides if each.name.startswith(f"{table}.")}
        beside = f" (above the file stand {', '.join(above)})" if above and self.line_of(_plain(key)) else ""
        beside = "" if self.above(key) else beside
        return ConfigError(f"{self.origin(key)}: {key}: {_PRIVATE_KEY.sub('…', problem)}{beside}")

    def origin(self, key: str) -> str:
        """Where `key` is set: the file with its line, a variable of the environment, or `--set`."""
        above = self.above(key)
        if above is not None:
            return above.origin
        line = self.line_of(_plain(key))
        inside = [each.origin for each in self.overrides if each.name.startswith(f"{key}.")]
        return f"{self.name}:{line}" if line else inside[-1] if inside else self.name

    def above(self, key: str) -> Override | None:
        """What stands above the file for `key`, or for what it is in."""
        for each in reversed(self.overrides):
            if key == each.name or key.startswith((f"{each.name}.", f"{each.name}[")):
                return each
        return None

    def line_of(self, key: str) -> int | None:
        """The line on which `key` is set, or its table begins; None where neither is written.

        tomllib keeps no positions, so this reads the lines anew; it takes text in a multi-line string
        for keys, which at worst names a wrong line.
        """
        best = (0, 0)
        table = ""
        arrays: dict[str, int] = {}
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = _plain(header["key"])
                if header["array"]:
                    arrays[table] = arrays.get(table, -1) + 1
                    table = f"{table}[{arrays[table]}]"
                found = table
            elif assignment := _KEY.match(line):
                found = ".".join(filter(None, (table, _plain(assignment["key"]))))
            else:
                continue
            if key == found or key.startswith((f"{found}.", f"{found}[")):
                best = max(best, (len(found), -number))
        return -best[1] or None


class TomlTable:
    """The keys of one TOML table. Ask for each key that is known, then `finish`, which refuses the others.

    Every method that reads raises ConfigError where the value has not the type or the range asked for.
    """

    def __init__(self, source: Source, values: Mapping[str, object], path: str = "") -> None:
        self.source = source
        self.path = path
        self._values = values
        self._asked: set[str] = set()

    def key(self, name: str) -> str:
        """The dotted path of a key of this table."""
        written = key_text([name]) if name in self._values else name
        return f"{self.path}.{written}" if self.path else written

    def error(self, name: str, problem: str) -> ConfigError:
        """The error to raise about a key of this table."""
        return self.source.error(self.key(name), problem)

    def wrong(self, problem: str) -> ConfigError:
        """The error to raise about the table: its keys do not go together."""
        return self.source.error(self.path, problem)

    def names(self) -> tuple[str, ...]:
        """The keys that are written, where names stand and not words of ours."""
        return tuple(self._values)

    def has(self, name: str) -> bool:
        """Whether the key is written."""
        self._asked.add(name)
        return name in self._values

    def text(self, name: str, example: str, default: str | None = None) -> str:
        """A string; one that must be written where there is no default."""
        if default is not None and not self.has(name):
            return default
        value = self._required(name, example)
        above = self.source.above(self.key(name))
        if above is not None and not isinstance(value, str | list | dict):
            value = above.text  # a name may be a number: --set name=7
        return self._typed(name, value, str, example)

    def file_path(self, name: str, example: str, folder: Path) -> Path:
        """A path, relative to `folder`; `~` is a user's home."""
        text = self.text(name, example)
        try:
            return path_in(folder, text)
        except ValueError as error:
            raise self.error(name, f"{error}; for example {example}") from None

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        """One of a few words."""
        value = self.text(name, default, default)
        if value not in (known := list(choices)):
            raise self.error(name, f"{value!r} is not one of {', '.join(known)}{did_you_mean(value, known)}")
        return value

    def flag(self, name: str, default: bool, *, example: str = "true") -> bool:
        """True or false."""
        return self._typed(name, self._values[name], bool, example) if self.has(name) else default

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        """An integer from `low` to `high`, both allowed."""
        if not self.has(name):
            return default
        value = self._typed(name, self._values[name], int, str(default))
        if not low <= value <= high:
            raise self.error(name, f"{value} is out of range; write an integer from {low} to {high}")
        return value

    def seconds(self, name: str, default: float, *, high: float, zero: bool = False) -> float:
        """A time span in seconds, above 0 (or 0, where `zero`) and at most `high`, which may be infinite."""
        if not self.has(name):
            return default
        value = self._typed(name, self._values[name], float, str(default))
        if not (0 < value <= high or (zero and value == 0)):
            least = "0 or more" if zero else "above 0"
            most = f"at most {high:g}" if math.isfinite(high) else "or inf for no limit"
            raise self.error(name, f"{value} is out of range; write seconds {least}, {most}")
        return value

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        """A number from `low` to `high`, both allowed."""
        if not self.has(name):
            return default
        value = self._typed(name, self._values[name], float, str(default))
        if not low <= value <= high:
            raise self.error(name, f"{value} is out of range; write a number from {low:g} to {high:g}")
        return value

    def fraction(self, name: str, default: float) -> float:
        """A part of all, above 0 and at most 1."""
        if not self.has(name):
            return default
        value = self._typed(name, self._values[name], float, "0.3")
        if not 0 < value <= 1:
            raise self.error(name, f"{value} is out of range; write a part of all, above 0 and at most 1")
        return value

    def each(self, name: str, read: Callable[[str], T], example: str) -> tuple[T, ...]:
        """A list of strings, each read by `read`, whose ValueError becomes the text of the error."""
        if not self.has(name):
            return ()
        result = []
        for index, item in enumerate(self._typed(name, self._values[name], list, f"[{example}]")):
            text = self._typed(f"{name}[{index}]", item, str, example)
            try:
                result.append(read(text))
            except ValueError as error:
                raise self.error(f"{name}[{index}]", f"{error}; for example {example}") from None
        return tuple(result)

    def is_table(self, name: str) -> bool:
        """Whether a table is written there."""
        return self.has(name) and isinstance(self._values[name], dict)

    def is_text(self, name: str) -> bool:
        """Whether a string is written there."""
        return self.has(name) and isinstance(self._values[name], str)

    def table(self, name: str, example: str = "") -> TomlTable:
        """A table inside this one; an empty one where it is not written."""
        if not self.has(name):
            return TomlTable(self.source, {}, self.key(name))
        example = example or (f"{name} = {{ key = 1 }}" if "[" in self.path else f"[{self.key(name)}]")
        return TomlTable(self.source, self._typed(name, self._values[name], dict, example), self.key(name))

    def entries(self, name: str, example: str) -> list[str | TomlTable]:
        """A list whose items are strings or tables."""
        if not self.has(name):
            return []
        items: list[str | TomlTable] = []
        if isinstance(self._values[name], dict):
            raise self.error(name, f"is one table, not a list of tables; write [[{self.key(name)}]]")
        for index, item in enumerate(self._typed(name, self._values[name], list, f"[{example}]")):
            if isinstance(item, dict):
                items.append(TomlTable(self.source, item, self.key(f"{name}[{index}]")))
            else:
                items.append(self._typed(f"{name}[{index}]", item, str, example))
        return items

    def values(self) -> dict[str, object]:
        """Everything in this table as it is written, every key of it taken as known."""
        self._asked.update(self._values)
        return dict(self._values)

    def finish(self) -> None:
        """Raise ConfigError for the first key that nobody asked for, with the one that was probably meant."""
        self.source.known.update(map(self.key, self._asked))
        for name in self._values:
            if name not in self._asked and not self._yields(name):
                known = sorted(self._asked)
                listed = f"; known here: {', '.join(known)}" if known else ""
                raise self.error(name, f"unknown key{did_you_mean(name, known, otherwise=listed)}")

    def _yields(self, name: str) -> bool:
        """What is in that key has come from where anything may stand; remember it as ignored."""
        value = self._values[name]
        keys = [self.key(name)]
        if isinstance(value, dict):
            keys = [f"{keys[0]}.{key_text(key)}" for key, _ in leaves(value)] or keys
        above = [self.source.above(key) for key in keys]
        yielding = [each for each in above if each is not None and each.yields]
        if len(yielding) < len(above):
            return False
        self.source.ignored.extend(yielding)
        return True

    def _required(self, name: str, example: str) -> object:
        if not self.has(name):
            written = [key for key in self._values if key not in self._asked]
            meant = nearest(name, written)
            seen = f" (found {meant!r})" if meant else ""
            raise self.error(name, f"is missing{seen}; write {name.rpartition('.')[2]} = {example}")
        return self._values[name]

    def _typed(self, name: str, value: object, kind: type[T], example: str) -> T:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
        raise self.error(name, f"{shown.replace('True', 'true').replace('False', 'false')} is not {_NAMES[kind]}; "
                         f"for example {example}")  # fmt: skip


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
