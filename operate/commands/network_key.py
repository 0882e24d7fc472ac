"""`peerbus network-key`: the key that all nodes of a network have, and nobody else."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...actors.base import ConfigError
from ...node.process import make_private_folder
from ...transports.admission import NetworkKey
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

_EPILOG = """\
The key is 32 bytes of the system's randomness. Copy the file to each node, mode 0600, and name it in the configuration:

  [network]
  name = "demo"
  network_key = "demo.key"

To change it without a gap: name both on all nodes, ["old.key", "new.key"]; then ["new.key", "old.key"]; then the new
one alone; each time SIGHUP, or peerbus network --reload. What is printed is the key's name, which tells nothing of it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `peerbus network-key` takes."""
    parser.epilog = _EPILOG
    parser.add_argument("path", metavar="PATH", type=Path, help="the file to write, readable by its owner only")


def run(options: argparse.Namespace) -> int:
    """Make one, and print its name. Raises: ConfigError."""
    path: Path = options.path
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name the file to write: {path / 'demo.key'}")
    try:
        make_private_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    key = NetworkKey.generate()
    key.save(path)
    Terminal().say(key.name)
    return 0
