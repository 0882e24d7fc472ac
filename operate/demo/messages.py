"""What the demonstration and its processes say to each other, as lines of JSON."""

from __future__ import annotations

import msgspec

from ...node.blocksync import Progress, Served
from .carriers import CARRIERS, DEFAULT_CARRIER

__all__ = ["Job", "NodeFailed", "Report", "Started", "decode_job", "decode_said", "encode"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """To a process, on its standard input: the node to be, until that input ends. `listen`: where, as an endpoint.

    An archive serves `file`; a node that wants it writes it there, once `archives` of them are found. `identity` is
    where its key goes. `admin`: the socket of its admin API, where the demonstration is looked at: then a node that has
    its copy goes on to check blocks of it. `mdns`: nodes find each other by it, on the loopback.
    """

    name: str
    network: str
    identity: str
    file: str
    archives: int
    wants: bool
    listen: str = CARRIERS[DEFAULT_CARRIER].listens
    mdns: bool = True
    admin: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """What the node offers."""
        return () if self.wants else ("archive",)


class Started(msgspec.Struct, frozen=True, tag="started"):
    """From a process: its node is up."""

    node_id: str


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """From a process, several times a second: what it has done so far.

    `at` is when it says so, `ended_at` when its sync came to an end: seconds of the clock that all processes share.
    """

    at: float = 0.0
    ended_at: float | None = None
    peers: int = 0
    served: Served = Served(0, 0)
    progress: Progress = Progress()


class NodeFailed(msgspec.Struct, frozen=True, tag="failed"):
    """From a process: it ends, because of this."""

    text: str


_job = msgspec.json.Decoder(Job)
#: The checker knows decoders of one type, not of a choice of types.
_said: msgspec.json.Decoder[Started | Report | NodeFailed] = msgspec.json.Decoder(Started | Report | NodeFailed)


def encode(message: Job | Started | Report | NodeFailed) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"


def decode_job(line: bytes) -> Job:
    """Read what a process is told. Raises msgspec.MsgspecError."""
    return _job.decode(line)


def decode_said(line: bytes) -> Started | Report | NodeFailed:
    """Read what a process says. Raises msgspec.MsgspecError."""
    return _said.decode(line)
