"""Where an admin API is: a Unix socket that only its owner can open, or a port of TCP."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from ...actors.base import ConfigError

__all__ = [
    "SocketPlace",
    "TcpPlace",
    "bind_socket",
    "check_socket",
    "default_socket",
    "default_token",
    "make_folder",
    "place_of",
    "remove_socket",
]

#: Bytes of a path that a socket address has room for (unix(7), sun_path, less its end).
LONGEST = 107
#: Where a user has a folder of his own, 0700, where the system gives him none: it is looked at whose it is.
TEMPORARY = Path("/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True)
class SocketPlace:
    """A Unix socket."""

    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"


@dataclass(frozen=True, slots=True)
class TcpPlace:
    """A port of TCP, with TLS where it is `secure`."""

    host: str
    port: int
    secure: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"

    def names(self, port: int, also: frozenset[str] = frozenset()) -> frozenset[str]:
        """What `Host` may be for whoever comes to this place at that port; `also`: other names of this host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        called = {host.lower(), *also, *(("localhost",) if _only_here(self.host) else ())}
        usual = 443 if self.secure else 80
        return frozenset({f"{name}:{port}" for name in called} | (called if port == usual else set()))


def place_of(text: str) -> SocketPlace | TcpPlace:
    """Read `unix:///path`, a path, `http://127.0.0.1:7401` or `https://host:port`. Raises ConfigError."""
    if "://" not in text or text.startswith("unix://"):
        path = text.removeprefix("unix://")
        if not path or "\0" in path:
            raise ConfigError(f"{text!r} is no place of an admin API; write unix:///run/alice.sock")
        try:
            return SocketPlace(Path(path).expanduser())
        except RuntimeError as error:  # the home of nobody
            raise ConfigError(f"{text!r} is no place of an admin API: {error}") from None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{text!r} is no place of an admin API: {error}") from None
    if parts.scheme not in ("http", "https") or not host or port is None or parts.path not in ("", "/"):
        raise ConfigError(
            f"{text!r} is no place of an admin API; write http://127.0.0.1:7401 or unix:///run/alice.sock"
        )
    if parts.scheme == "http" and not _only_here(host):
        raise ConfigError(f"{text!r} would send the token unencrypted: write https://, with a certificate and its key")
    return TcpPlace(host, port, parts.scheme == "https")


def default_socket(name: str, environment: Mapping[str, str], beside: Path | None = None) -> Path:
    """Where a node of that name has its socket, if nothing else is said.

    In `$XDG_RUNTIME_DIR/peerbus`, else `beside` its configuration, else in a folder of the user in /tmp.
    """
    file = f"{quote(name, safe='')}.sock"
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.isabs(runtime) and os.path.isdir(runtime):
        return Path(runtime) / "peerbus" / file
    return (TEMPORARY / f"peerbus-{os.geteuid()}" if beside is None else beside.resolve()) / file


def default_token(name: str, environment: Mapping[str, str], beside: Path | None = None) -> Path:
    """Where the token of a node of that name is, if nothing else is said: where its socket would be."""
    return default_socket(name, environment, beside).with_suffix(".token")


def make_folder(folder: Path) -> None:
    """Make sure of a folder in which nobody else can put anything. Raises ConfigError, OSError."""
    from ...node.process import make_private_folder  # here: a command that asks a node makes none

    make_private_folder(folder)
    _check_folder(folder)


def check_socket(path: Path) -> None:
    """Raise ConfigError for a path where no node can have its socket, whoever listens there now."""
    if len(os.fsencode(path)) > LONGEST:
        raise ConfigError(f"the path of the socket {path} is too long: {LONGEST} bytes at most")
    with contextlib.suppress(OSError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ConfigError(f"{path} is there already, and no socket")


def bind_socket(path: Path) -> socket.socket:
    """A Unix socket of mode 0600 at that path, which does not listen yet. Raises ConfigError.

    What a node left there that runs no more is replaced; what somebody listens at, or somebody else owns, is not.
    """
    check_socket(path)
    try:
        make_folder(path.parent)
        _make_way(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with contextlib.suppress(OSError):
                os.fchmod(made.fileno(), 0o600)  # on Linux it is made so; elsewhere nobody gets in before it listens
            made.bind(str(path))
            os.chmod(path, 0o600)
        except BaseException:
            made.close()
            raise
    except OSError as error:
        raise ConfigError(f"the socket {path} cannot be made: {error.strerror or error}") from error
    return made


def remove_socket(path: Path, inode: tuple[int, int]) -> None:
    """Remove the socket that was made there, if it is still that one."""
    with contextlib.suppress(OSError):
        now = os.lstat(path)
        if (now.st_dev, now.st_ino) == inode:
            os.unlink(path)


def _only_here(host: str) -> bool:
    """Nobody but this machine gets there."""
    from ...transports.streams import Scope, scope_of_host  # heavy, and most admin APIs are at a socket

    return scope_of_host(host) is Scope.MACHINE


def _check_folder(folder: Path) -> None:
    found = os.stat(folder)
    if found.st_uid not in (0, os.geteuid()):
        raise ConfigError(f"{folder} is another user's, who could put another socket in the place of this node's")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
        raise ConfigError(
            f"{folder} can be written by others, who could put another socket in the place of this node's"
        )


def _make_way(path: Path) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ConfigError(f"{path} is there already, and no socket")
    if found.st_uid != os.geteuid():
        raise ConfigError(f"the socket {path} is another user's")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass  # somebody is there, and busy
    raise ConfigError(f"somebody listens at {path} already: another node of this name, or this one twice")
