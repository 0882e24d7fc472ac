"""One more entry in the list `reactors` of a configuration, with everything else as its author wrote it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ...actors.base import ConfigError

__all__ = ["with_reactor"]

_OPEN, _CLOSE = "[{", "]}"


def with_reactor(config: Path, path: str) -> str:
    """The configuration's text with that reactor in its list. Raises ConfigError where it is no configuration."""
    try:
        text = config.read_text(encoding="utf-8")
        before = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"{config}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{config} cannot be read: {error}") from error
    reactors = before.get("reactors", [])
    if not isinstance(reactors, list):
        raise ConfigError(f'{config}: reactors is {reactors!r}, not a list; write reactors = ["{path}"]')
    changed = _changed(text, path, there="reactors" in before)
    try:
        after = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        after = {}
    if after != {**before, "reactors": [*reactors, path]}:
        raise ConfigError(
            f'{config}: its list of reactors is written in a way that is left alone; add "{path}" by hand'
        )
    return changed


def _changed(text: str, path: str, *, there: bool) -> str:
    if not there:
        head = _first_table(text)
        return f'{text[:head]}reactors = ["{path}"]\n{text[head:]}'
    end = _end_of_list(text)
    if end is None:
        return text
    body, rest = text[:end], text[end:]
    kept = body.rstrip()
    lines = "\n" in body[len(kept) :]
    comma = "" if kept.endswith(("[", ",")) else ","
    if lines:
        return f'{kept}{comma}\n    "{path}",{body[len(kept) :]}{rest}'
    return f'{kept}{comma}{"" if kept.endswith("[") else " "}"{path}"{rest}'


def _first_table(text: str) -> int:
    """Where the first table begins, or the text ends: a key that stands before it belongs to no table."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            return at
        at += len(line)
    return at


def _end_of_list(text: str) -> int | None:
    """Where the bracket stands that closes the list; None where that cannot be told."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            return None
        key, equals, value = line.partition("=")
        if equals and key.strip() == "reactors" and value.lstrip().startswith("["):
            return _closing(text, at + line.index("[", len(key)))
        at += len(line)
    return None


def _closing(text: str, begin: int) -> int | None:
    """The bracket that closes the one at `begin`: none in a string or a comment counts."""
    depth, quote, at = 0, "", begin
    while at < len(text):
        each = text[at]
        if quote:
            if each == "\\" and quote == '"':
                at += 1
            elif each == quote:
                quote = ""
        elif each in "\"'":
            quote = each
        elif each == "#":
            at = text.find("\n", at)
            if at < 0:
                return None
        elif each in _OPEN:
            depth += 1
        elif each in _CLOSE:
            depth -= 1
            if not depth:
                return at
        at += 1
    return None
