"""`peerbus keygen` and `peerbus id`: the key of a node, and the id that it gives."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import ConfigError
from ...node.identity_source import IdentitySource
from ...node.process import make_private_folder
from ...transports.kinds import read_endpoint
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
    parser.add_argument("--libp2p", action="store_true", help="also the peer id that libp2p has for the same key")
    parser.add_argument(
        "--at", metavar="ENDPOINT", action="append", help="the multiaddr of the node there, libp2p+tcp://host:port"
    )
    parser.add_argument(
        "--public", action="store_true", help="print the public key instead, PEM: what `peerbus ca issue` wants"
    )


def _keygen(options: argparse.Namespace) -> int:
    path: Path = options.path
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name the file to write: {path / 'alice.pem'}")
    if path.exists() and not options.force:
        raise ConfigError(f"{path} exists; with --force its node would lose its id for ever")
    try:
        make_private_folder(path.parent)
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
    identity, terminal = source.read().identity, Terminal()
    if options.libp2p:
        terminal.say(f"{identity.node_id}  {_peer_id(identity)}")
    elif options.public:
        terminal.say(identity.public_pem.rstrip())
    elif not options.at:
        terminal.say(identity.node_id)
    for text in options.at or ():
        terminal.say(_multiaddr(identity, text))
    return 0


def _peer_id(identity: Identity) -> str:
    from ...transports.libp2p import peer_id_text, raw_key_of

    return peer_id_text(raw_key_of(identity.public_key_der))


def _multiaddr(identity: Identity, text: str) -> str:
    from ...transports.libp2p import KIND, raw_key_of, to_multiaddr

    try:
        endpoint = read_endpoint(text)
    except ValueError as error:
        raise ConfigError(f"--at {error}") from None
    if endpoint.scheme != KIND.scheme.name:
        raise ConfigError(f"--at {endpoint} is not of libp2p; write {KIND.scheme.name}://host:port")
    if endpoint.peer_id not in (None, identity.node_id):
        raise ConfigError(f"--at {endpoint} names another node than {identity.node_id}")
    return to_multiaddr(endpoint, raw_key_of(identity.public_key_der))


KEYGEN = IdentityCommand(_keygen_arguments, _keygen)
ID = IdentityCommand(_id_arguments, _id)
