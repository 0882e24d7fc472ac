"""What the commands that take `--harden` have in common: what is missing, what was given up, and how both are told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...actors.base import ConfigError, get_logger
from ...node.process import GUARDS, Guarding
from .terminal import Terminal

__all__ = ["guards_said", "log_guarding", "not_hardened", "say_missing", "warn_of_root"]


def guards_said() -> str:
    """What the process gives up, for the text of `--help`."""
    return "\n".join(f"  {one.name + ',':<18} as {one.why}" for one in GUARDS)


def not_hardened(lines: Sequence[str]) -> ConfigError:
    """The error of a start that does not take place, as this is missing."""
    return ConfigError(f"not hardened, {_things(lines)} missing: {'; '.join(lines)}")


def say_missing(config: Path, lines: Sequence[str]) -> int:
    """Say all that is missing, a line each; the exit status for it, 0 where nothing is."""
    if not lines:
        return 0
    shown = "\n".join(f"  {line}" for line in lines)
    Terminal().say(f"{config} is not hardened, {_things(lines)} missing:\n{shown}")
    return 2


def log_guarding(guarded: Iterable[Guarding]) -> None:
    """What the process has given up, a line each."""
    log = get_logger("peerbus.node")
    for each in guarded:
        if each.problem:
            log.warning("cannot be hardened here", measure=each.guard.name, problem=each.problem)
        else:
            log.info("hardened", measure=each.guard.name, why=each.guard.why)


def warn_of_root(**whose: str) -> None:
    """A hardened process of root has all rights of the machine."""
    if os.geteuid() == 0:
        get_logger("peerbus.node").warning(
            "runs as root", **whose, hint="give it a user of its own: see `peerbus explain deploy`"
        )


def _things(missing: Sequence[object]) -> str:
    return "1 thing is" if len(missing) == 1 else f"{len(missing)} things are"
