"""What two processes of one node say to each other beyond the frames of peers: who has sent, and what they trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from .frame_decoder import FrameDecoders
from .frames import (
    ArrivedFrame,
    Frame,
    ItemsFrame,
    Part,
    Reply,
    ShortFrame,
    ViewedFrame,
    ZeroCopyItems,
    ZeroCopyPart,
    ZeroCopyReply,
)
from .traces import TracedAsk, TracedTell, ZeroCopyTracedAsk, ZeroCopyTracedTell

__all__ = [
    "FIRST_STRANGER",
    "INSIDE",
    "INSIDE_CHANNELS",
    "INSIDE_TRACED",
    "MOST_SPANS",
    "MOST_STRANGERS",
    "SenderFrame",
    "SpansFrame",
]

#: What processes of one node say to each other: whoever reaches these sends in the name of the node, past all rules. So
#: no peer is told of them, and none has a number by which it could.
INSIDE_CHANNELS = frozenset({"peerbus.gate", "peerbus.worker"})

#: The number of the first sender that is no reactor of the process which sends: above all that channels have.
FIRST_STRANGER = 1024
#: Senders that one connection names by numbers. Those that come later are not named: they can only be answered.
MOST_STRANGERS = 65536


class SenderFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=127):
    """SENDER `[127, number, address]`: whom this number stands for in TELL and ASK, from now on.

    Between processes of one node only: peers have no such kind.
    """

    number: Annotated[int, Meta(ge=FIRST_STRANGER, lt=FIRST_STRANGER + MOST_STRANGERS)]
    address: Annotated[str, Meta(max_length=160)]


#: Bytes of spans that are told at once.
MOST_SPANS = 64 * 1024


class SpansFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=126):
    """SPANS `[126, data]`: what one process traces, for whoever keeps the spans of the node.

    Between processes of a node that traces only. It goes ahead of the messages that belong to these spans.
    """

    data: Annotated[bytes, Meta(max_length=MOST_SPANS)]


#: Read the frames of a connection between processes of one node.
INSIDE = FrameDecoders(  # SENDER is no frame to all others
    cast("Callable[..., ArrivedFrame]", msgspec.msgpack.Decoder(Frame | SenderFrame).decode),
    cast("Callable[..., ArrivedFrame]", msgspec.msgpack.Decoder(ViewedFrame | SenderFrame).decode),
)
#: The same of a node that traces.
INSIDE_TRACED = FrameDecoders(
    cast(
        "Callable[..., ArrivedFrame]",
        msgspec.msgpack.Decoder(
            ShortFrame | TracedTell | TracedAsk | Reply | Part | ItemsFrame | SenderFrame | SpansFrame
        ).decode,
    ),
    cast(
        "Callable[..., ArrivedFrame]",
        msgspec.msgpack.Decoder(
            ShortFrame
            | ZeroCopyTracedTell
            | ZeroCopyTracedAsk
            | ZeroCopyReply
            | ZeroCopyPart
            | ZeroCopyItems
            | SenderFrame
            | SpansFrame
        ).decode,
    ),
)
