"""Finding a running node: by itself where one runs, by its name, by a path, or by a URL."""

# Law 1. Nothing is asked at a socket that somebody else may have put there: it is this user's, or root looks where the
#        service manager puts those of its services.
# Law 2. Where several nodes run, none of them is guessed.

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import msgspec

from ...actors.base import ConfigError, did_you_mean
from ..serving import SocketPlace, TcpPlace, default_socket, default_token, existing_token, place_of
from .caller import AdminCaller
from .errors import AdminError, NodeNotFound, NodeNotReached
from .target import AdminTarget

__all__ = ["NodeHere", "find_node", "nodes_here"]

#: Seconds that a socket has to answer, while nodes are looked for.
GLANCE = 5.0
#: Sockets of one folder that are looked at.
MOST = 200
#: Where a service manager puts those of the nodes that it runs (systemd.exec(5), RuntimeDirectory=).
SERVICES = Path("/run/peerbus")


class _Named(msgspec.Struct, frozen=True):
    name: str
    node_id: str


@dataclass(frozen=True, slots=True)
class NodeHere:
    """A node that runs on this machine. `node_id` is "" where its loop stands still: it does not say who it is, and
    `name` is that of its socket.
    """

    name: str
    node_id: str
    socket: Path


async def find_node(
    said: str | None = None,
    *,
    token: Path | None = None,
    authority: Path | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> AdminTarget:
    """Find the admin API of a running node.

    `said`: the name of a node of this machine, the path of a socket or of a configuration, or a URL; None: the one that
    runs here. `token`: the file of the token that is asked for over TCP, `authority`: certificates for https; a
    configuration names both. `environment` and `folder`: those of this process, if nothing is said.

    Raises NodeNotFound where there is none, or more than one; ConfigError for what names no place.
    """
    environment = os.environ if environment is None else environment
    folder = Path() if folder is None else folder
    if said is None:
        return AdminTarget(SocketPlace(_only(await nodes_here(environment, folder)).socket))
    if "://" in said:
        place = place_of(said)
        if isinstance(place, TcpPlace):
            return AdminTarget(place, None if token is None else existing_token(token), authority)
        return _owned(place.path)
    if said.endswith(".toml"):
        return _configured(_path(said), environment, token, authority)
    mode = _mode(_path(said))
    if stat.S_ISSOCK(mode) or ("/" in said and mode):
        return _owned(_path(said))
    here = await nodes_here(environment, folder)
    named = [node for node in here if node.name == said]
    if not named and "/" in said:
        return _owned(_path(said))
    if not named:
        meant = did_you_mean(said, {node.name for node in here})
        raise NodeNotFound(f"no node called {said!r} runs here: {_listed(here) or 'none does'}{meant}")
    return AdminTarget(SocketPlace(_only(named).socket))


async def nodes_here(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> tuple[NodeHere, ...]:
    """The nodes of this user that run on this machine, by name, as far as their sockets are found.

    They are looked for in `$XDG_RUNTIME_DIR/peerbus`, in `folder`, in the user's folder in /tmp, and in /run/peerbus.
    """
    environment = os.environ if environment is None else environment
    folder = Path() if folder is None else folder
    sockets = _sockets(folders(environment, folder))
    seen = await asyncio.gather(*(_glance(socket) for socket in sockets))
    found = [node for node in seen if node is not None]
    return tuple(sorted(found, key=lambda node: (node.name, node.socket)))


def folders(environment: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Where the sockets of nodes are looked for, in this order."""
    usual = default_socket("x", environment).parent
    users = default_socket("x", {}).parent
    services = sorted(SERVICES.glob("*/")) if SERVICES.is_dir() else []
    return tuple(dict.fromkeys((usual, folder, users, SERVICES, *services)))


def _sockets(places: tuple[Path, ...]) -> Iterator[Path]:
    seen = set()
    for place in places:
        try:
            names = sorted(each for each in os.listdir(place) if each.endswith(".sock"))[:MOST]
        except OSError:
            continue
        for name in names:
            path = place / name
            if _is_ours(path) and (real := path.resolve()) not in seen:
                seen.add(real)
                yield path


def _is_ours(path: Path) -> bool:
    """It is a socket, and law 1 holds."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    its_own = found.st_uid == os.geteuid() or (os.geteuid() == 0 and path.is_relative_to(SERVICES))
    return stat.S_ISSOCK(found.st_mode) and its_own


def _path(said: str) -> Path:
    """A path as it was written. Raises ConfigError where it begins with the home of nobody."""
    try:
        return Path(said).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{said}: {error}") from None


def _mode(path: Path) -> int:
    """What is at a path (stat(2), st_mode), 0 for nothing."""
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return 0


def _owned(path: Path) -> AdminTarget:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise NodeNotFound(f"no node listens at {path}: there is no such socket") from None
    except OSError as error:
        raise NodeNotFound(f"{path} cannot be looked at: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{path} is a folder: name a socket in it, or a configuration")
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"{path} is no socket, and no configuration: those end with .toml")
    if os.stat(path).st_uid != os.geteuid() != 0:
        raise ConfigError(f"the socket {path} is another user's")
    return AdminTarget(SocketPlace(path))


async def _glance(path: Path) -> NodeHere | None:
    """Which node is there, if one is. One that takes connections and is silent is one that stands still: to say that
    it is not here would send its operator to look elsewhere.
    """
    async with AdminCaller(AdminTarget(SocketPlace(path)), timeout=GLANCE) as caller:
        try:
            node = await caller.get("/v1/node", _Named)
        except NodeNotReached as error:
            return NodeHere(unquote(path.stem), "", path) if error.how == "silent" else None
        except AdminError:
            return None
        return NodeHere(node.name, node.node_id, path)


def _configured(path: Path, environment: Mapping[str, str], token: Path | None, authority: Path | None) -> AdminTarget:
    """The node that runs from a configuration."""
    from ...node.config import from_environment, load_config

    config = load_config(path, from_environment(environment))
    admin = config.admin
    if not admin.enabled:
        raise config.source.error("admin.enabled", "this node has no admin API")
    if admin.at is None:
        # The node's environment may be another than this one.
        sockets = [default_socket(config.name, each, config.folder) for each in (environment, {})]
        return _owned(next(filter(_is_ours, sockets), sockets[0]))
    place = place_of(admin.at)
    if isinstance(place, SocketPlace):
        return _owned(place.path)
    said = token or admin.token
    if said is None:  # the node's environment may be another than this one
        usual = [default_token(config.name, each, config.folder) for each in (environment, {})]
        said = next((each for each in usual if each.exists()), None)
    return AdminTarget(place, None if said is None else existing_token(said), authority or admin.certificate)


def _only(nodes: Sequence[NodeHere]) -> NodeHere:
    if not nodes:
        raise NodeNotFound("no node runs here: start one with peerbus run, or name one with --node NAME, PATH or URL")
    if len(nodes) > 1:
        raise NodeNotFound(f"{len(nodes)} nodes run here, name one with --node: {_listed(nodes)}")
    return nodes[0]


def _listed(nodes: Sequence[NodeHere]) -> str:
    names = [node.name for node in nodes]
    said = [
        (node.name if names.count(node.name) == 1 else str(node.socket))
        + ("" if node.node_id else " (does not answer)")
        for node in nodes[:20]
    ]
    return ", ".join(said) + (", …" if len(nodes) > 20 else "")
