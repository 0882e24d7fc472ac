"""What stands in a file of a folder of nodes, written and read; reading trusts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from ...actors.base import is_node_id
from ...actors.messages import Capability
from ...transports.streams import Endpoint, is_foreign
from ..peer import MAX_ADDRESSES

__all__ = ["MAX_FILE", "NodeEntry", "read_node", "write_node"]

#: Bytes of a file.
MAX_FILE: Final = 16 * 1024
#: Roles that are read of one.
MAX_ROLES: Final = 64

T = TypeVar("T")
_Text = Annotated[str, Meta(max_length=255)]


class _File(msgspec.Struct, frozen=True, omit_defaults=True):
    """`{"endpoints": ["tcp://10.0.0.2:7400"]}` is enough; what others write beside it is left alone."""

    endpoints: tuple[str, ...]
    node_id: str | None = None
    network: _Text | None = None
    roles: tuple[str, ...] = ()
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class _Readable:
    by_hand: bool

    def __call__(self, parse: Callable[[str], T], texts: Iterable[str]) -> Iterator[T]:
        for text in texts:
            try:
                yield parse(text)
            except ValueError:
                if self.by_hand:
                    raise


_DECODE = msgspec.json.Decoder(_File).decode


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """One node: where it is, and what it says that it offers. `node_id` None: whoever answers there."""

    node_id: str | None
    endpoints: tuple[Endpoint, ...]
    roles: tuple[str, ...] = ()
    #: Whose file it is.
    owner: str = field(default="", compare=False)


def read_node(data: bytes, *, network: str, now: float) -> NodeEntry | None:
    """The node that a file names; None where it is of another network, or over since. Raises ValueError.

    `now` is in seconds since 1970. Endpoints of schemes that are not known here, or that are no places, are left out.
    """
    if len(data) > MAX_FILE:
        raise ValueError(f"{len(data)} bytes, at most {MAX_FILE} are read")
    try:
        said = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if said.node_id is not None and not is_node_id(said.node_id):
        raise ValueError(f"{said.node_id!r} is no node id")
    if said.network not in (None, network) or (said.expires is not None and said.expires <= now):
        return None
    # A node has written one that ends by itself, perhaps one of a later version: what is not known of it is left out.
    # In one that somebody has written by hand it is a mistake, which is to be told.
    read = _Readable(by_hand=said.expires is None)
    places = list(read(Endpoint.parse, (text for text in said.endpoints if not is_foreign(text))))
    ids = {place.peer_id for place in places} - {None}
    node_id = said.node_id or (next(iter(ids)) if len(ids) == 1 else None)
    if ids - {node_id}:
        raise ValueError("its endpoints name several nodes: write a file for each")
    roles = tuple(dict.fromkeys(each.role for each in read(Capability.parse, said.roles)))[:MAX_ROLES]
    endpoints = tuple(dict.fromkeys(place.without_peer() for place in places if place.is_place))
    return NodeEntry(node_id, endpoints[:MAX_ADDRESSES], roles)


def write_node(
    node_id: str, network: str, endpoints: Iterable[Endpoint], roles: Iterable[str], *, expires: float
) -> bytes:
    """The file of this node, good until `expires`."""
    places = tuple(str(endpoint.without_peer()) for endpoint in endpoints)
    said = _File(places, node_id, network, tuple(roles), round(expires, 1))
    return msgspec.json.format(msgspec.json.encode(said)) + b"\n"
