"""The half of a connection that receives: a peer's messages into mailboxes, and their answers on the way back."""

from __future__ import annotations

from .inside_receive import InsideReceiveSide
from .receive_side import ReceiveSide
from .served_streams import ServedStreams
from .stream_reply import StreamReply
from .traced_inside_receive import TracedInsideReceiveSide
from .traced_receive import TracedReceiveSide

__all__ = [
    "InsideReceiveSide",
    "ReceiveSide",
    "ServedStreams",
    "StreamReply",
    "TracedInsideReceiveSide",
    "TracedReceiveSide",
]
