"""Where a node's private key comes from: a file, the environment, an open descriptor, or a credential of systemd."""

# Law 1. No text that is shown has a part of the key in it, nor of what was written where only its place belongs.
# Law 2. What is read is taken away where it can be: a variable leaves the environment, a descriptor is closed. So
#        children do not inherit it, and a source can be read once.

from __future__ import annotations

import base64
import binascii
import os
import re
import select
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from ..actors.base import ConfigError
from ..transports.streams import MAX_KEY_FILE, Identity, guarded, read_key_file

__all__ = ["FoundIdentity", "IdentitySource"]

Kind = Literal["file", "env", "fd", "credential"]

#: Seconds that whoever started us has to write the key into a pipe; without an end a start could hang unseen.
_PATIENCE = 10.0
#: A name that is longer is no name, but perhaps the key itself.
_MAX_NAME = 64
#: How base64 of any PEM begins.
_PEM_AS_BASE64 = "LS0tLS1CRUdJTi"
#: Where systemd puts what LoadCredential= names (systemd.exec(5)).
_CREDENTIALS = "CREDENTIALS_DIRECTORY"

_NAMES: dict[Kind, tuple[str, str]] = {
    "env": (r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable of the environment, env:ALICE_KEY"),
    "fd": (r"[0-9]{1,6}", "the number of an open descriptor, fd:3"),
    "credential": (r"[A-Za-z0-9_-][A-Za-z0-9_.@-]*", "the name of a credential of systemd, credential:alice.pem"),
}


@dataclass(frozen=True, slots=True)
class FoundIdentity:
    """An identity, where it was found, and why it is safe there, as words to be shown."""

    identity: Identity
    source: IdentitySource
    why: str


@dataclass(frozen=True, slots=True)
class IdentitySource:
    """The place of a key: `name` is the path of a file, or what the kind's prefix is followed by (`env:NAME`)."""

    kind: Kind
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `env:NAME`, `fd:N`, `credential:NAME` or a path; one that looks like those is written `./env:NAME`.

        Raises: ValueError where it is none of them.
        """
        if "PRIVATE KEY" in text or text.startswith(_PEM_AS_BASE64):
            raise ValueError("this is the key itself; write where it is: a path, env:NAME, fd:N or credential:NAME")
        prefix, colon, name = text.partition(":")
        kind: Kind | None = next((each for each in _NAMES if each == prefix), None)
        if not colon or kind is None:
            return cls("file", text)
        form, example = _NAMES[kind]
        if len(name) > _MAX_NAME or not re.fullmatch(form, name):
            raise ValueError(f"after {kind}: stands {example}")
        return cls(kind, name)

    def __str__(self) -> str:
        return self.name if self.kind == "file" else f"{self.kind}:{self.name}"

    def read(self) -> FoundIdentity:
        """Read the key, once. Raises: ConfigError, which says what is wrong and what would be right."""
        ways: dict[Kind, Callable[[], tuple[bytes, str]]] = {
            "file": lambda: _from_file(Path(self.name)),
            "env": lambda: _from_environment(self.name),
            "fd": lambda: _from_descriptor(int(self.name)),
            "credential": lambda: _from_credential(self.name),
        }
        try:
            content, why = ways[self.kind]()
            return FoundIdentity(Identity.from_pem(content), self, why)
        except OSError as error:
            raise ConfigError(f"{self}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"{self}: {error}") from error


def _from_file(path: Path) -> tuple[bytes, str]:
    try:
        found = read_key_file(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; make one: peerbus keygen {path}") from None
    except ValueError as error:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; name the file that `peerbus keygen` wrote") from error
        raise
    return found.content, found.why


def _from_environment(name: str) -> tuple[bytes, str]:
    value = os.environ.pop(name, "")
    if not value.strip():
        raise ValueError("the variable is not set, or empty; it holds the key as PEM, or as base64 of the PEM")
    if "PRIVATE KEY" in value:
        content = os.fsencode(value.replace("\\n", "\n"))  # as files of variables write it, a line each
    else:
        try:
            content = base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the variable holds neither a key in PEM nor base64 of one") from None
    return content, "it was taken out of the environment, children do not inherit it"


def _from_descriptor(number: int) -> tuple[bytes, str]:
    example = f"start with {number}<alice.pem, or a pipe"
    if number in {1, 2}:
        raise ValueError("this is where a process writes to; use 0, or 3 and above")
    try:
        # What we have opened ourselves closes in children (PEP 446), what we were started with does not.
        if not os.get_inheritable(number):
            raise ValueError(f"whoever started this process did not open it; {example}")
    except OSError:
        raise ValueError(f"it is not open; {example}") from None
    try:
        status = os.fstat(number)
        why = ""
        if stat.S_ISREG(status.st_mode) and status.st_nlink:  # one without a name is nobody else's
            why = f"; {guarded(number, 'the file')}"
        return _all_of(number), f"whoever started this process opened it{why}"
    finally:
        if number == 0:
            with open(os.devnull) as nothing:
                os.dup2(nothing.fileno(), number)
        else:
            os.close(number)


def _all_of(descriptor: int) -> bytes:
    """What can be read to the end. Raises: ValueError where it does not end in time, or is too much for a key."""
    ready, end = select.poll(), time.monotonic() + _PATIENCE
    ready.register(descriptor, select.POLLIN)
    content = b""
    while len(content) <= MAX_KEY_FILE:
        if not ready.poll(max(0.0, end - time.monotonic()) * 1000):
            raise ValueError(f"nobody has written a key into it and closed it within {_PATIENCE:g} s")
        part = os.read(descriptor, MAX_KEY_FILE)
        if not part:
            return content
        content += part
    raise ValueError("this is too much for a key")


def _from_credential(name: str) -> tuple[bytes, str]:
    folder = os.environ.get(_CREDENTIALS)
    if not folder:
        raise ValueError(f"${_CREDENTIALS} is not set; the unit needs LoadCredential={name}:/etc/peerbus/{name}")
    try:
        found = read_key_file(Path(folder) / name)
    except FileNotFoundError:
        raise ValueError(f"not in {folder}; the unit needs LoadCredential={name}:/etc/peerbus/{name}") from None
    return found.content, found.why
