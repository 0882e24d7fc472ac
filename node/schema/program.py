"""A name of a user's program, `module:Name`, looked up as a command of `peerbus` does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from ...actors.base import ConfigError, did_you_mean

__all__ = ["found_in_program"]


def found_in_program(source: str, *, otherwise: str) -> object:
    """What `module:Name` names, in the working directory or among the installed packages.

    Raises ConfigError, which says what is missing; `otherwise`: what a source may be that is not written so.
    """
    module, colon, name = source.partition(":")
    if not (colon and module and name):
        raise ConfigError(f"{source}: write module:Name, {otherwise}")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: object = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # importing runs the user's code, which may raise anything
        raise ConfigError(f"{source}: cannot import {module!r} ({type(error).__name__}: {error})") from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise ConfigError(f"{source}: module {module!r} has no {name!r}{did_you_mean(part, vars(found))}")
        found = getattr(found, part)
    return found
