"""The network of a node, and who may come into it: as a program or a configuration says it, and as files have it."""

# Law 1. All files of one network are read, or nothing of it counts: a rule is never half changed.
# Law 2. No text that is shown has a part of a key in it.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...actors.base import ConfigError, NoFile, get_logger, is_node_id, opened_file, spelled, wall_clock
from ...transports.admission import (
    AuthorityCertificate,
    EntryRules,
    MemberCertificate,
    NetworkKey,
    RevocationList,
    Trust,
    certificates_in,
    lists_in,
)
from ..node_arguments import network_of
from ..process import write_whole

__all__ = ["Network", "WrongRule", "allowed_in", "keep_lists"]

log = get_logger("peerbus.node")

#: A file of a network is never larger: a list of ids, certificates, revoked ones.
MAX_FILE: Final = 4 << 20


#: A key, or the file of one.
KeySource = NetworkKey | str | Path


class WrongRule(ConfigError):
    """A rule of a network cannot be. `key` names it as a configuration does, in `[network]`."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"network.{key}: {text}")
        self.key = key
        self.text = text


@spelled
@dataclass(frozen=True, slots=True)
class Network:
    """A network, by its name, and who may come in; with the name alone anybody may.

    Every rule that is set must be met. `allow`: the ids of the nodes that may come, or a file of them, one a line.
    `network_key`: the key that all nodes have, as a file or a `NetworkKey`; of several this node proves the first, and
    any will do of others. `authority`: the certificates of one authority, or more, as a file of
    PEM or its content; `certificate`: this node's own, issued by one of them. `revoked`: the file of what authorities
    have revoked, which the node writes too when it hears of more; None: beside the certificate's, as `….revoked`.

    ```python
    closed = Network("prod", allow=["ab" * 32, "cd" * 32])
    member = Node("bob", network=closed)
    ```
    """

    name: str = "peerbus"
    allow: Iterable[str] | str | Path | None = None
    network_key: KeySource | Sequence[KeySource] | None = None
    authority: bytes | str | Path | None = None
    certificate: bytes | str | Path | None = None
    revoked: str | Path | None = None

    def __post_init__(self) -> None:
        network_of("network", self.name)
        if self.allow is not None and not isinstance(self.allow, str | Path):
            object.__setattr__(self, "allow", tuple(self.allow))
        if isinstance(self.network_key, list):
            object.__setattr__(self, "network_key", tuple(self.network_key))
        if (self.authority is None) != (self.certificate is None):
            key, other = ("certificate", "authority") if self.certificate is None else ("authority", "certificate")
            raise WrongRule(key, f"is missing beside {other}: {_BOTH}")

    def __str__(self) -> str:
        return self.name

    @property
    def closed(self) -> bool:
        """Not everybody may come in."""
        return not (self.allow is None and self.network_key is None and self.authority is None)

    @property
    def keys(self) -> tuple[KeySource, ...]:
        """The keys, the first one first."""
        if self.network_key is None:
            return ()
        return (self.network_key,) if isinstance(self.network_key, NetworkKey | str | Path) else tuple(self.network_key)

    @property
    def policy(self) -> str:
        """Who may come in, in words."""
        said = []
        if self.allow is not None:
            said.append("are on its list")
        if self.network_key is not None:
            said.append("have its key")
        if self.authority is not None:
            said.append("are members of its authority")
        return f"lets in nodes that {' and '.join(said)}" if said else "is open: it lets in anybody"

    @property
    def revoked_path(self) -> Path | None:
        """The file of what is revoked; None: there is none."""
        if self.revoked is not None:
            return Path(self.revoked)
        if isinstance(self.certificate, str | Path):
            return Path(f"{self.certificate}.revoked")
        return None

    def rules(self, node_id: str, *, now: float | None = None) -> EntryRules:
        """What the door goes by, read of the files as they are now, for the node of this id.

        Raises: WrongRule, which names the rule, the file, what is wrong with it and what would be right.
        """
        now = wall_clock() if now is None else now
        allow = None if self.allow is None else frozenset(_allowed(self.allow))
        keys = tuple(_key(each) for each in self.keys)
        if self.authority is None or self.certificate is None:
            return EntryRules(allow=allow, keys=keys)
        trust = self._trust()
        return EntryRules(allow=allow, keys=keys, trust=trust, certificate=_own(self.certificate, trust, node_id, now))

    def _trust(self) -> Trust:
        assert self.authority is not None
        try:
            authorities = tuple(map(AuthorityCertificate, certificates_in(_content("authority", self.authority))))
        except ValueError as error:
            raise WrongRule(
                "authority", f"{_shown(self.authority)}: {error}; name what `peerbus ca init` wrote"
            ) from None
        path, others, found = self.revoked_path, list[str](), list[RevocationList]()
        try:
            lists = None if path is None else _read("revoked", path)
            if lists is not None and not lists.strip():
                raise ValueError(
                    "is empty, and what was revoked is not known; put the authority's list there, or take it away"
                )
            found = lists_in(lists or b"", authorities, others)
        except FileNotFoundError:
            pass  # until something is revoked
        except WrongRule:
            raise
        except ValueError as error:
            raise WrongRule("revoked", f"{path}: {error}") from None
        if others:  # as one is after a rotation: what it has issued counts no more anyway
            log.warning("lists of authorities that are none of this network are left out", file=str(path), by=others)
        return Trust(authorities).with_lists(found)


_BOTH: Final = "name the authority's certificate and this node's own"


def allowed_in(text: str) -> list[str]:
    """The node ids of a file, one a line; what stands behind a # is for people. Raises: ValueError."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if word := line.partition("#")[0].strip():
            if not is_node_id(word):
                raise ValueError(f"line {number}: {word[:80]!r} is no node id, 64 digits as `peerbus id` prints them")
            found.append(word)
    return found


def keep_lists(path: Path | None, lists: Iterable[RevocationList]) -> str:
    """Write what is revoked, whole or not at all, to be there after a restart; returns why not, where that failed."""
    if path is None:
        return "no file is named for it; it is forgotten at the end"
    try:
        write_whole(path, b"".join(each.pem for each in lists), 0o644)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def _allowed(allow: Iterable[str] | str | Path) -> list[str]:
    if isinstance(allow, str | Path):
        try:
            found = allowed_in(_read("allow", Path(allow)).decode("utf-8-sig"))  # of some editors
        except UnicodeDecodeError:
            raise WrongRule("allow", f"{allow} is no text") from None
        except FileNotFoundError:
            raise WrongRule("allow", f"{allow} does not exist; it has the ids of nodes, one a line") from None
        except ValueError as error:
            raise WrongRule("allow", f"{allow}: {error}") from None
        where = str(allow)
    else:
        found, where = list(allow), "it"
        for each in found:
            if not is_node_id(each):
                raise WrongRule("allow", f"{str(each)[:80]!r} is no node id, 64 digits as `peerbus id` prints them")
    if not found:
        raise WrongRule("allow", f"{where} is empty: nobody could come in; name ids, or leave allow out")
    return found


def _key(source: KeySource) -> NetworkKey:
    if isinstance(source, NetworkKey):
        return source
    try:
        return NetworkKey.load(source)
    except ConfigError as error:
        raise WrongRule("network_key", str(error)) from None


def _own(source: bytes | str | Path, trust: Trust, node_id: str, now: float) -> MemberCertificate:
    """This node's own certificate, which peers would take. Raises: WrongRule."""
    try:
        loaded = certificates_in(_content("certificate", source))[0]
        certificate = MemberCertificate.of(loaded)
    except ValueError as error:
        raise WrongRule("certificate", f"{_shown(source)}: {error}; name what `peerbus ca issue` wrote") from None
    if certificate.node_id != node_id:
        why = f"is of another key: of the node {certificate.node_id}, and this is {node_id}"
        raise WrongRule("certificate", f"{_shown(source)} {why}")
    issuer = next((each for each in trust.authorities if each.issued(loaded)), None)
    if issuer is None:
        known = ", ".join(each.name for each in trust.authorities)
        raise WrongRule("certificate", f"{_shown(source)} was issued by {certificate.issuer}, authority names {known}")
    why_not = trust.why_not(certificate, issuer.key_id, now)
    if why_not is not None:
        cure = "peerbus ca renew makes a new one" if why_not[0] == "expired" else "peerbus ca issue makes another one"
        raise WrongRule("certificate", f"{_shown(source)}: {why_not[1]}; {cure}")
    return certificate


def _content(key: str, source: bytes | str | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return _read(key, Path(source))
    except FileNotFoundError:
        raise WrongRule(key, f"{source} does not exist") from None


def _read(key: str, path: Path) -> bytes:
    try:
        with opened_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise
    except NoFile:
        raise WrongRule(key, f"{path} is not a file") from None
    except OSError as error:
        raise WrongRule(key, f"{path}: {error.strerror}") from error
    if len(content) > MAX_FILE:
        raise WrongRule(key, f"{path} is larger than {MAX_FILE} bytes")
    return content


def _shown(source: bytes | str | Path) -> str:
    return "it" if isinstance(source, bytes) else str(source)
