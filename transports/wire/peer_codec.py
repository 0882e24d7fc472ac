"""A channel as a peer numbers it that declares other messages: what can be sent to it, and what its answers are."""

from __future__ import annotations

from ..schema import Compatibility, Description, compare
from .payload import ChannelCodec, Numbering

__all__ = ["codec_towards"]


def codec_towards(own: ChannelCodec, schema: bytes, theirs: Description) -> ChannelCodec:
    """The codec for sends to a channel that a peer describes so, of which it has said the hash `schema`."""
    return ChannelCodec(own.channel, _numbering(own, schema, compare(own.described.description, theirs)), own.home)


def _numbering(own: ChannelCodec, schema: bytes, found: Compatibility) -> Numbering:
    classes = own.described.classes
    by_name = {message_type.__name__: message_type for message_type in own.messages}
    return Numbering(
        own.described,
        schema,
        found.names,
        tuple(None if place is None else classes[place] for place in found.reads),
        found.unreadable,
        {by_name[name]: number for name, number in found.numbers.items()},
        {by_name[name]: why for name, why in found.refused.items()},
        {by_name[name]: why for name, why in found.unread.items()},
        frozenset(by_name[name] for name in found.otherwise),
    )
