"""What the members of a gossip say to each other, and the channel that carries it."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, Unpack, cast

from msgspec import Meta

from ...actors.messages import Channel, ChannelOptions, Message, Request

__all__ = [
    "BUCKETS",
    "GOSSIP_MESSAGES",
    "ID_SIZE",
    "Carried",
    "Digest",
    "GetGossip",
    "GossipView",
    "Have",
    "MAX_IDS",
    "MAX_PUSHED",
    "Prune",
    "Push",
    "Want",
    "gossip_channel",
]

T = TypeVar("T")

#: Bytes of an item's id, a hash of what is in it: nobody finds two items of one id (birthday bound 2^64).
ID_SIZE = 16
#: Groups that the ids are put in for a digest: of two nodes that differ in few items most groups are equal.
BUCKETS = 64
#: Ids in one message.
MAX_IDS = 512
#: Items in one message.
MAX_PUSHED = 64
#: Messages that one peer may have under way: 4 096 items, 1 MiB as they lie in memory.
WINDOW = 64

Id = Annotated[bytes, Meta(min_length=ID_SIZE, max_length=ID_SIZE)]
Ids = Annotated[tuple[Id, ...], Meta(max_length=MAX_IDS)]


class Carried(Message, array_like=True):
    """An item: the name of its type, its bytes, and its age in seconds."""

    kind: Annotated[str, Meta(max_length=128)]
    payload: bytes
    age: Annotated[float, Meta(ge=0)]


class Push(Message):
    """Items."""

    items: Annotated[tuple[Carried, ...], Meta(max_length=MAX_PUSHED)]


class Have(Message):
    """Items of these ids are here. `at_once`: after a digest, so no push of them is on its way."""

    ids: Ids
    at_once: bool = False


class Want(Message):
    """Send these, and further ones at once."""

    ids: Ids


class Prune(Message):
    """What came was here already: from now on say only what there is."""


class Digest(Message):
    """A hash of the ids in each group. `first`: yours is wanted in return."""

    buckets: Annotated[tuple[Annotated[bytes, Meta(max_length=ID_SIZE)], ...], Meta(max_length=BUCKETS)]
    first: bool = True


class GossipView(Message):
    """A gossip at an instant: what it holds, and what became of what came.

    `copies`: items that came from peers, those among them that were known already too. `refused`: that were invalid or
    too large. `evicted`: that were given up for room. `unserved`: wishes of peers that were beyond their measure.
    `broken`: items that a peer said it had and did not send. `distrusted`: neighbours that are not listened to now.
    """

    held: int
    held_bytes: int
    remembered: int
    neighbours: int
    eager: int
    delivered: int
    copies: int
    refused: int
    evicted: int
    unserved: int
    broken: int
    distrusted: int


class GetGossip(Message, Request[GossipView]):
    """Ask a gossip of this node how it is. Peers are refused."""


GOSSIP_MESSAGES: tuple[type[Message], ...] = (Push, Have, Want, Prune, Digest, GetGossip, GossipView)


def gossip_channel(name: str, *items: type[T], **options: Unpack[ChannelOptions]) -> Channel[T | GetGossip]:
    """The channel of a `Gossip` of these types of items; `options` as those of `Channel`.

    One message of a member holds up to 64 items, so one peer has WINDOW of them under way, where `options` do not say.

    ```python
    channel = gossip_channel("mempool", Transaction, priority=3)
    ```
    """
    options.setdefault("window", WINDOW)
    messages: Any = (*items, *GOSSIP_MESSAGES)
    return cast("Channel[T | GetGossip]", Channel(name, messages=messages, **options))
