"""What a worker process is told when it begins, as one value: who it is, what it runs, what the node knows."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ... import __version__
from ...actors.base import ConfigError, get_logger
from ...actors.messages import Channel, ChannelTuning, Overflow
from ...transports.wire import FEATURES, ChannelInfo, Hello
from .factory_path import FactoryPath, import_path

__all__ = [
    "INSIDE_NETWORK",
    "ChannelPath",
    "WorkerSetup",
    "channel_called",
    "channel_paths",
    "inside_hello",
    "read_setup",
    "unproven_id",
    "worker_agent",
    "worker_id",
]

log = get_logger("peerbus.workers")

#: The network of a node and its workers: no node of any other answers to it.
INSIDE_NETWORK: Final = "peerbus.inside"
#: What of a channel goes as it is.
_PLAIN = (
    "priority",
    "mailbox",
    "mailbox_bytes",
    "window",
    "window_bytes",
    "timeout",
    "max_message",
    "max_elements",
)


class ChannelPath(msgspec.Struct, frozen=True):
    """A channel: its name, where its messages are imported from, which of them are idempotent, and its bounds."""

    name: str
    messages: tuple[str, ...]
    idempotent: tuple[str, ...]
    overflow: str
    bounds: dict[str, float]

    def load(self) -> Channel[Any]:
        """The channel, made anew. Raises ImportError, AttributeError."""
        options: dict[str, Any] = {key: value if key == "timeout" else int(value) for key, value in self.bounds.items()}
        options["overflow"] = Overflow(self.overflow)
        options["idempotent"] = tuple(map(_found, self.idempotent))
        messages: tuple[type, ...] = tuple(map(_found, self.messages))
        return Channel(self.name, messages, **options)


class WorkerSetup(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. Times are seconds; `level` is the least of a log line that the node hears."""

    worker: str
    node: str
    node_id: str
    worker_id: str
    parent_id: str
    incarnation: int
    reactors: tuple[FactoryPath, ...]
    #: Under which name it runs its only reactor, as a member of a pool; empty: it is none.
    member: str = ""
    channels: tuple[ChannelPath, ...] = ()
    shutdown_timeout: float
    slow_handler: float | None
    level: int


def read_setup(data: bytes) -> WorkerSetup:
    """Read it. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(data, type=WorkerSetup)


def channel_paths(channels: Iterable[Channel[Any]]) -> tuple[ChannelPath, ...]:
    """Those that a worker can know: their messages are found by import paths. Others are left out, and logged."""
    found = []
    for channel in channels:
        if channel.local:
            continue
        try:
            found.append(
                ChannelPath(
                    name=channel.name,
                    messages=tuple(map(import_path, channel.messages)),
                    idempotent=tuple(sorted(map(import_path, channel.idempotent))),
                    overflow=channel.overflow.value,
                    bounds={key: getattr(channel, key) for key in _PLAIN},
                )
            )
        except ConfigError as error:
            log.debug("workers do not know a channel", channel=channel.name, why=str(error))
    return tuple(found)


def channel_called(name: str, channel: Channel[Any]) -> Channel[Any]:
    """The same channel by another name: by that of a pool's member it is sent to, as a reactor is by its channel's."""
    options: dict[str, Any] = {key: getattr(channel, key) for key in ChannelTuning.__annotations__}
    return Channel(name, channel.messages, idempotent=tuple(channel.idempotent), **options)


def worker_id(node_id: str, worker: str) -> str:
    """As what a worker that the node has forked calls itself: nobody proves it, as nobody else holds its socket."""
    return hashlib.sha256(f"{node_id}/{worker}".encode()).hexdigest()


def unproven_id(worker: str) -> str:
    """The same of one that is elsewhere, and shows no key."""
    return worker_id("", worker)


def worker_agent() -> str:
    """What a worker and its node call themselves: they are of one version."""
    return f"peerbus worker/{__version__}"


def inside_hello(
    node_id: str,
    name: str,
    incarnation: int,
    nonce: bytes,
    channels: tuple[ChannelInfo, ...] = (),
    more: tuple[str, ...] = (),
) -> Hello:
    """What one says to the other. `more`: further words of what there is."""
    return Hello(
        node_id=node_id,
        network=INSIDE_NETWORK,
        name=name,
        incarnation=incarnation,
        listen=(),
        offers=(),
        channels=channels,
        agent=worker_agent(),
        nonce=nonce,
        features=(*FEATURES, *more),
    )


def _found(path: str) -> type:
    module, _, name = path.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]  # it was a class where the path was made
