"""The signed peer record: what a node says of itself to nodes that it has never met.

As ENR (EIP-778) and libp2p's signed envelopes (RFC 0002, RFC 0003) have it: the owner's key signs a sequence number
with all that it says, so that a node that passes the record on can change nothing, and the newest one is known as such.
"""

# Law 1. Size and bounds are checked before anything is made of the bytes, the signature last: it costs most.
# Law 2. One record has one form: what does not encode to the very bytes that came is refused.
#        One that says more than this version reads, and is its owner's, is refused as that: its teller is of a later
#        version, and does no wrong.
# Law 3. The node id is no field. It follows from the key, so a record can only speak for its owner.

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ...actors.messages import Capability
from ...transports.streams import Endpoint, Identity, host_of, is_foreign, node_id_of_key
from ...transports.wire import MAX_ENDPOINTS, MAX_NAME, MAX_OFFERS, MAX_TEXT, RECORD_LIMIT
from .zones import share_a_place

__all__ = ["MAX_LIFETIME", "MAX_SKEW", "RECORD_LIMIT", "PeerRecord", "RecordRefused", "read_record", "sign_record"]

#: Stands before the body that is signed: no signature made for anything else is one of a record (RFC 0002).
DOMAIN: Final = b"peerbus peer record v1\0"
#: Seconds from now that a record may be good for: what a node says of itself is to be said again every day.
MAX_LIFETIME: Final = 86_400.0
#: Seconds by which two clocks may differ before records are refused for it.
MAX_SKEW: Final = 120.0
#: Milliseconds since 1970 fit for ages to come, and every language has whole numbers up to here.
MAX_SEQUENCE: Final = 2**53 - 1

_KEY_BYTES: Final = 44
_SIGNATURE_BYTES: Final = 64
_Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """What `node_id` said of itself, proven by its signature.

    `sequence`: of two records the higher one is newer. `expires` is in seconds since 1970 (UTC). `private`: to be told
    to nobody. `endpoints` are in the owner's order of preference, `offers` in order of their roles. `foreign` are
    endpoints of schemes that this version does not know, as text: nobody here dials them. `data` is the record as it
    travels, with all of them.
    """

    node_id: str
    network: str
    sequence: int
    expires: int
    private: bool
    endpoints: tuple[Endpoint, ...]
    offers: tuple[Capability, ...]
    data: bytes = field(repr=False)
    foreign: tuple[str, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of what it offers."""
        return tuple(offer.role for offer in self.offers)

    def names(self, place: Endpoint) -> bool:
        """Whether an address of it is the one that a connection leads to, or came from: not somebody else's machine."""
        if not place.direct:
            return True
        host = place.host.partition("%")[0]
        return any(host_of(text) == host for text in self.foreign) or share_a_place(
            self.endpoints, (replace(place, port=endpoint.port) for endpoint in self.endpoints)
        )


@dataclass(frozen=True, slots=True)
class RecordRefused:
    """No record was made of the bytes. `reason` is a word for counters, `text` is for people.

    `too_large`, `malformed`, `foreign_network`, `expired`, `too_far` (expires later than any record may), `stale` (an
    older one than is known), `known` (the very one that is known), `conflict` (another one of the same number),
    `forged`, `later` (its owner says more than this version reads). `node_id` is the node that it claims to be of,
    where that could be read; `overdue` the seconds since it expired; early: those in which it will, where that is too
    far.
    """

    reason: str
    text: str
    node_id: str = ""
    overdue: float = 0.0
    early: float = 0.0


class _Sealed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`[key, body, signature]`: as a record travels."""

    key: Annotated[bytes, Meta(min_length=_KEY_BYTES, max_length=_KEY_BYTES)]
    body: Annotated[bytes, Meta(max_length=RECORD_LIMIT)]
    signature: Annotated[bytes, Meta(min_length=_SIGNATURE_BYTES, max_length=_SIGNATURE_BYTES)]


class _Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`[network, sequence, expires, private, [endpoint, …], [offer, …]]`: what is signed."""

    network: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    sequence: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
    expires: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
    private: bool
    endpoints: Annotated[tuple[_Text, ...], Meta(max_length=MAX_ENDPOINTS)]
    offers: Annotated[tuple[_Text, ...], Meta(max_length=MAX_OFFERS)]


class _BodyAsSaid(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a later version may sign: the same fields, of whatever size; more may stand behind them."""

    network: str
    sequence: Annotated[int, Meta(ge=0)]
    expires: Annotated[int, Meta(ge=0)]
    private: bool
    endpoints: tuple[str, ...]
    offers: tuple[str, ...]


_ENCODE = msgspec.msgpack.Encoder().encode
_SEALED = msgspec.msgpack.Decoder(_Sealed)
_BODY = msgspec.msgpack.Decoder(_Body)
_BODY_AS_SAID = msgspec.msgpack.Decoder(_BodyAsSaid)
_ITEMS = msgspec.msgpack.Decoder(list[msgspec.Raw])


def sign_record(
    identity: Identity,
    *,
    network: str,
    sequence: int,
    expires: int,
    endpoints: Iterable[Endpoint] = (),
    offers: Iterable[Capability] = (),
    private: bool = False,
) -> PeerRecord:
    """Make this node's record. Raises ValueError where it would break the bounds of a record."""
    places = tuple(endpoint.without_peer() for endpoint in endpoints)
    offered = tuple(sorted(offers, key=lambda offer: offer.role))
    body = _Body(
        network, sequence, expires, private, tuple(str(place) for place in places), tuple(str(one) for one in offered)
    )
    encoded = _ENCODE(body)
    data = _ENCODE(_Sealed(identity.public_key_der, encoded, identity.sign(DOMAIN + encoded)))
    made = read_record(data, network=network, now=expires)
    if isinstance(made, RecordRefused):
        raise ValueError(f"not a peer record: {made.text} ({made.reason})")
    return made


def _nothing_known(node_id: str) -> PeerRecord | None:
    return None


def read_record(
    data: bytes, *, network: str, now: float, known: Callable[[str], PeerRecord | None] = _nothing_known
) -> PeerRecord | RecordRefused:
    """Make a record of bytes from anywhere; never raises.

    `now` is in seconds since 1970, `known` gives the newest record that is known of a node: only newer ones are read.
    """
    if len(data) > RECORD_LIMIT:
        return RecordRefused("too_large", f"{len(data)} bytes, limit {RECORD_LIMIT}")
    try:
        sealed = _SEALED.decode(data)
        body = _BODY.decode(sealed.body)
        if _ENCODE(body) != sealed.body or _ENCODE(sealed) != data:
            return _of_later(data, network) or RecordRefused("malformed", "not in the one form that a record has")
        foreign = tuple(text for text in body.endpoints if is_foreign(text))
        endpoints = tuple(_endpoint(text) for text in body.endpoints if text not in foreign)
        offers = _offers(body.offers)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return _of_later(data, network) or RecordRefused("malformed", str(error))
    node_id = node_id_of_key(sealed.key)
    if body.network != network:
        return RecordRefused("foreign_network", f"of {body.network!r}, this is {network!r}", node_id)
    if body.expires < now - MAX_SKEW:
        overdue = now - body.expires
        return RecordRefused("expired", f"expired {overdue:.0f} s ago", node_id, overdue)
    if body.expires > now + MAX_LIFETIME + MAX_SKEW:
        return RecordRefused(
            "too_far",
            f"expires in {body.expires - now:.0f} s, at most {MAX_LIFETIME:.0f}",
            node_id,
            0.0,
            body.expires - now,
        )
    newest = known(node_id)
    if newest is not None and body.sequence <= newest.sequence:
        return _not_newer(data, body.sequence, newest)
    if not Identity.verify(sealed.key, DOMAIN + sealed.body, sealed.signature):
        return RecordRefused("forged", "the signature is not the owner's", node_id)
    return PeerRecord(
        node_id, body.network, body.sequence, body.expires, body.private, endpoints, offers, bytes(data), foreign
    )


def _of_later(data: bytes, network: str) -> RecordRefused | None:
    """Of a record that is none here: does its owner say more than this version reads? None: it is malformed."""
    try:
        sealed = _SEALED.decode(data)
        said, items = _BODY_AS_SAID.decode(sealed.body), _ITEMS.decode(sealed.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    more = (
        len(items) > len(_Body.__struct_fields__)
        or max(len(said.network) - MAX_NAME, len(said.endpoints) - MAX_ENDPOINTS, len(said.offers) - MAX_OFFERS) > 0
        or max(said.sequence, said.expires) > MAX_SEQUENCE
        or any(len(text) > MAX_TEXT for text in (*said.endpoints, *said.offers))
    )
    if not more or _ENCODE(sealed) != data:
        return None
    node_id = node_id_of_key(sealed.key)
    if said.network != network:
        return RecordRefused("foreign_network", f"of {said.network[:MAX_NAME]!r}, this is {network!r}", node_id)
    if not Identity.verify(sealed.key, DOMAIN + sealed.body, sealed.signature):
        return RecordRefused("forged", "the signature is not the owner's", node_id)
    return RecordRefused("later", "it says more than this version reads", node_id)


def _not_newer(data: bytes, sequence: int, newest: PeerRecord) -> RecordRefused:
    if data == newest.data:
        return RecordRefused("known", "the one that is known", newest.node_id)
    if sequence == newest.sequence:
        return RecordRefused("conflict", f"another one has number {sequence}", newest.node_id)
    return RecordRefused("stale", f"number {sequence}, {newest.sequence} is known", newest.node_id)


def _endpoint(text: str) -> Endpoint:
    endpoint = Endpoint.parse(text)
    if str(endpoint) != text or endpoint.peer_id is not None:
        raise ValueError(f"endpoint {text!r} is not in the one form that a record has")
    return endpoint


def _offers(texts: tuple[str, ...]) -> tuple[Capability, ...]:
    offers = tuple(Capability.parse(text) for text in texts)
    roles = [offer.role for offer in offers]
    if roles != sorted(set(roles)) or tuple(str(offer) for offer in offers) != texts:
        raise ValueError("offers are not in the one form that a record has")
    return offers
