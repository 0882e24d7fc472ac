"""What two processes of one node say to each other beyond the frames of peers: who has sent, if it is none of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from .frame_decoder import FrameDecoders
from .frames import ArrivedFrame, Frame, ViewedFrame

__all__ = ["FIRST_STRANGER", "INSIDE", "MOST_STRANGERS", "SenderFrame"]

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


#: Read the frames of a connection between processes of one node.
INSIDE = FrameDecoders(  # SENDER is no frame to all others
    cast("Callable[..., ArrivedFrame]", msgspec.msgpack.Decoder(Frame | SenderFrame).decode),
    cast("Callable[..., ArrivedFrame]", msgspec.msgpack.Decoder(ViewedFrame | SenderFrame).decode),
)
