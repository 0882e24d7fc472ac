"""What a node says about itself when a connection opens, and whether two nodes may talk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from ...actors.base import NODE_ID_PATTERN, HandshakeFailed
from ...actors.messages import DEFAULT_MAX_ELEMENTS, HARD_MAX_ELEMENTS, HARD_MAX_MESSAGE, Capability
from ..streams import id_mismatch

__all__ = [
    "FEATURES",
    "MAX_CHANNELS",
    "MAX_ENDPOINTS",
    "MAX_FEATURES",
    "MAX_NAME",
    "MAX_OFFERS",
    "MAX_TEXT",
    "NO_ASKS",
    "NO_TELLS",
    "REFUSALS",
    "SCHEMAS",
    "STREAMS",
    "MESSAGE_LIMIT",
    "RECORD_LIMIT",
    "Refused",
    "WINDOWS",
    "ChannelInfo",
    "Hello",
    "IdentityInUse",
    "check",
    "check_offers",
]

# Law 1: a bound stands in the type, so that the decoder refuses the value before anybody holds it; what a peer may
#        say above it before it knows whom it talks to is read by `GreetingReader`.
# Law 2: what one field needs beyond its bound is checked in `__post_init__`, which the decoder runs
#        too; so a Hello that exists is well formed, and `check` only asks whether we may talk.

#: The sender describes its channels to a peer that asks, and reads descriptions: DESCRIBE and DESCRIPTION.
SCHEMAS = "schemas"
#: The feature of those that read WINDOW.
WINDOWS = "windows"
#: The feature of those that send and take items: ITEMS, END and GRANT, and what stands in the type of an ASK.
STREAMS = "streams"
#: The feature of those that read what they may not do in UPDATE, and of how many messages an ERROR speaks.
REFUSALS = "refusals"
#: What this implementation understands beyond the version.
FEATURES = (SCHEMAS, WINDOWS, STREAMS, REFUSALS)
#: Channels of one node. A reactor each: hundreds are a design error, and a table the peer must hold.
MAX_CHANNELS = 256
#: Bytes of one encoded message on any channel.
MESSAGE_LIMIT = HARD_MAX_MESSAGE
#: Bytes of a signed peer record: 1 KiB of offers, some endpoints, a key and a signature.
RECORD_LIMIT = 2048

U32 = 2**32 - 1
#: Characters of a name, and of what a program calls itself.
MAX_NAME = 64
#: Endpoints, roles and words of one node.
MAX_ENDPOINTS, MAX_OFFERS, MAX_FEATURES = 8, 64, 32
#: Messages of one channel, characters of the name of one, and bytes of the hash over all.
MAX_TYPES, MAX_TYPE_NAME, SCHEMA_SIZE = 64, 128, 16
#: RFC 6763 keeps a text string at 255 bytes; an endpoint is one everywhere else, so here as well.
MAX_TEXT = 255
#: Milliseconds since 1970 that are still exact in every language (RFC 8259 §6); the year 287396.
LATEST = 2**53 - 1
NodeId = Annotated[str, Meta(pattern=rf"\A{NODE_ID_PATTERN}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Record = Annotated[bytes, Meta(max_length=RECORD_LIMIT)]
Offers = Annotated[tuple[Text, ...], Meta(max_length=MAX_OFFERS)]
#: Words of what a side understands beyond this version.
Features = Annotated[
    tuple[Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9._-]{0,31}\Z")], ...], Meta(max_length=MAX_FEATURES)
]
Bytes16 = Annotated[bytes, Meta(min_length=SCHEMA_SIZE, max_length=SCHEMA_SIZE)]
Window = Annotated[int, Meta(ge=1, le=U32)]
#: Bits of what the owner of a channel does not let the other side do there; others are of later versions.
NO_TELLS, NO_ASKS = 1, 2
Refused = Annotated[int, Meta(ge=0, le=255)]
#: One word, or none.
WORD_PATTERN = r"\A([a-z0-9][a-z0-9._-]{0,31})?\Z"
Word = Annotated[str, Meta(pattern=WORD_PATTERN)]


def _check_printable(field: str, values: Iterable[str]) -> None:
    """Names end up in logs and on terminals: refuse control characters. Raises ValueError."""
    for value in values:
        if not value.isprintable():
            raise ValueError(f"{field}: {value!r} is not printable")


def check_offers(offers: Iterable[str]) -> None:
    """Check the text of each offered capability. Raises ValueError for the first malformed one."""
    seen: set[str] = set()
    for offer in offers:
        role = Capability.parse(offer).role
        if role in seen:
            raise ValueError(f"offers: role {role!r} stands there twice")
        seen.add(role)


class ChannelInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One channel as its owner announces it: its place in the owner's list is its number on the wire.

    `types` are the names of its messages, `schema` a 16-byte hash over their fields, `messages` and `bytes` the window
    that the owner grants each connection, `max_message` the largest encoded message in bytes, `max_elements` the values
    in one, `priority` 1 (least) to 255. `compress` is the method by which frames may be compressed, empty for none.
    `refused` are bits of what whoever reads this may not do: `NO_TELLS`, `NO_ASKS`.
    Raises ValueError where two fields do not fit together.
    """

    name: Name
    types: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=MAX_TYPE_NAME)], ...], Meta(max_length=MAX_TYPES)
    ]
    schema: Bytes16
    messages: Window
    bytes: Window
    max_message: Annotated[int, Meta(ge=1, le=MESSAGE_LIMIT)]
    priority: Annotated[int, Meta(ge=1, le=255)]
    max_elements: Annotated[int, Meta(ge=1, le=HARD_MAX_ELEMENTS)] = DEFAULT_MAX_ELEMENTS
    compress: Word = ""
    refused: Refused = 0

    def __post_init__(self) -> None:
        _check_printable("name", (self.name,))
        _check_printable("types", self.types)
        if len(set(self.types)) != len(self.types):
            raise ValueError(f"types: channel {self.name!r} names a message twice")


class Hello(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a node says about itself, once per connection and before anything else.

    `incarnation` is drawn anew at each start of the node, so that a restart is told from a second
    connection; `nonce` is 16 bytes drawn for this connection. `listen` are endpoints, `offers`
    capabilities, both as text. `record` is the node's signed record, which it may leave out: this floor passes it
    on and does not look into it. `features` are words of what the sender understands beyond this version of the
    protocol: what one of them stands for is sent to those only that say it. `clock` are the milliseconds since 1970
    (UTC) by the sender's calendar, 0: it does not say. Raises ValueError where a value
    cannot be right.
    """

    node_id: NodeId
    network: Name
    name: Name
    incarnation: Annotated[int, Meta(ge=0)]
    listen: Annotated[tuple[Text, ...], Meta(max_length=MAX_ENDPOINTS)]
    offers: Offers
    channels: Annotated[tuple[ChannelInfo, ...], Meta(max_length=MAX_CHANNELS)]
    agent: Annotated[str, Meta(max_length=MAX_NAME)]
    nonce: Bytes16
    record: Record = b""
    features: Features = ()
    clock: Annotated[int, Meta(ge=0, le=LATEST)] = 0

    def __post_init__(self) -> None:
        _check_printable("network", (self.network,))
        _check_printable("name", (self.name,))
        _check_printable("agent", (self.agent,))
        _check_printable("listen", self.listen)
        check_offers(self.offers)
        if len({channel.name for channel in self.channels}) != len(self.channels):
            raise ValueError("channels: a name stands there twice")
        if len(set(self.features)) != len(self.features):
            raise ValueError("features: a word stands there twice")


class IdentityInUse(HandshakeFailed):
    """The peer proved the identity of this node, and is another process."""


def check(
    hello: Hello,
    *,
    network: str,
    self_id: str,
    incarnation: int,
    authenticated_id: str | None,
    expected_id: str | None,
) -> None:
    """Decide whether a node of `network` named `self_id` may talk to the sender of `hello`.

    `incarnation` is this node's own: another one says that another process runs with the same identity.

    `authenticated_id` is the id that the stream proved (None when it proves nothing), `expected_id`
    the one that was dialed (None when any will do).

    Raises:
        HandshakeFailed: `node_id`, `self_dial` or `network`, in this order: a claim about oneself is
            worth nothing before the identity is settled.
    """
    if authenticated_id is not None and hello.node_id != authenticated_id:
        raise HandshakeFailed("node_id", f"HELLO says {hello.node_id}, the stream proved {authenticated_id}")
    if hello.node_id == self_id:
        if authenticated_id is not None and hello.incarnation != incarnation:
            raise IdentityInUse(
                "self_dial", "another process runs with the same identity: make each its own with `peerbus keygen`"
            )
        raise HandshakeFailed("self_dial", f"{self_id} reached itself")
    another = id_mismatch(expected_id, hello.node_id)
    if another is not None:
        raise HandshakeFailed("node_id", another)
    if hello.network != network:
        raise HandshakeFailed("network", f"this is {network!r}, the peer is on {hello.network[:MAX_NAME]!r}")
