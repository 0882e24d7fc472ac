"""Where `peerbus schema` finds descriptions of channels: in a program, a configuration, or a file that it wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ...actors.base import ConfigError
from ...actors.messages import Channel, Unresolved
from ...actors.reactor import Reactor
from ...transports.schema import Description, describe, hash_of, read_description, write_description
from .program import found_in_program

__all__ = ["descriptions_of", "written"]


def descriptions_of(source: str) -> dict[str, Description]:
    """The channels of a source, by name. Raises: ConfigError, which says what would be right.

    `schema.json`: what `written` makes. `node.toml`: a configuration's reactors and channels. `module:Name`: a reactor
    or a channel, looked for in the working directory and among the installed packages.
    """
    if source.endswith(".json"):
        return _from_file(Path(source))
    channels = _from_configuration(Path(source)) if source.endswith(".toml") else [_from_program(source)]
    found = {}
    for channel in [each for each in channels if not each.local]:  # of those no peer hears
        try:
            found[channel.name] = describe(channel).description
        except (TypeError, Unresolved) as error:
            raise ConfigError(f"{source}: {error}") from error
    return found


def written(descriptions: Mapping[str, Description]) -> dict[str, Any]:
    """The same as JSON, to be kept beside a release."""
    found = {}
    for name, description in sorted(descriptions.items()):
        data = write_description(description)
        found[name] = {"schema": hash_of(data).hex(), "description": msgspec.msgpack.decode(data)}
    return {"channels": found}


def _from_file(path: Path) -> dict[str, Description]:
    try:
        content = json.loads(path.read_bytes())
        channels = content["channels"]
        return {
            str(name): read_description(msgspec.msgpack.encode(each["description"])) for name, each in channels.items()
        }
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path}: not what `peerbus schema show --json` writes: {error}") from error


def _from_configuration(path: Path) -> list[Channel[Any]]:
    from ..config import load_config
    from ..run import known_channels

    return known_channels(load_config(path))


def _from_program(source: str) -> Channel[Any]:
    found = found_in_program(source, otherwise="a configuration (.toml), or what `show --json` wrote (.json)")
    if isinstance(found, type) and issubclass(found, Reactor):
        try:
            found = found.declared_channel()
        except TypeError as error:
            raise ConfigError(f"{source}: {error}") from error
    if not isinstance(found, Channel):
        name = source.partition(":")[2]
        raise ConfigError(f"{source} is neither a reactor nor a channel; write class {name}(Reactor)")
    return found
