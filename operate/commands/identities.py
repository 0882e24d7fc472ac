"""`peerbus keygen` and `peerbus id`: the key of a node, and the id that it gives."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import ConfigError
from ...node.identity_source import IdentitySource
from ...transports.streams import Identity
from .terminal import Terminal

__all__ = ["ID", "KEYGEN", "IdentityCommand"]


@dataclass(frozen=True, slots=True)
class IdentityCommand:
    """One of the two: what it takes, and what it does."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _keygen_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="the file to write, readable by its owner only")
    parser.add_argument("--force", action="store_true", help="replace the file: the node of the old key is gone")


def _id_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="IDENTITY", help="a file that `peerbus keygen` wrote, or env:NAME, fd:N, credential:NAME"
    )


def _keygen(options: argparse.Namespace) -> int:
    path: Path = options.path
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name the file to write: {path / 'alice.pem'}")
    if path.exists() and not options.force:
        raise ConfigError(f"{path} exists; with --force its node would lose its id for ever")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    identity = Identity.generate()
    identity.save(path, overwrite=options.force)
    Terminal().say(identity.node_id)
    return 0


def _id(options: argparse.Namespace) -> int:
    try:
        source = IdentitySource.parse(options.source)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    Terminal().say(source.read().identity.node_id)
    return 0


KEYGEN = IdentityCommand(_keygen_arguments, _keygen)
ID = IdentityCommand(_id_arguments, _id)
