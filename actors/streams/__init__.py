"""Streams: answers that come in items, and items that come with a message; how far they go, and what ends them."""

from __future__ import annotations

from .buffer import ItemBuffer, no_place
from .credit import ItemCredit, ItemWindow
from .incoming import PASSED_ON, ItemsIn
from .local_sink import LOCAL_ITEMS, LocalSink
from .local_stream import LocalStreamAsk
from .open_stream import LateAsk, OpenStream
from .reader import Begun, ItemReader
from .sink import ENDED, ItemRoom, ItemSink, NoSink, drive, has_room, is_items
from .streamed import StreamedReply
from .thread_items import ThreadItems, ThreadStreamReply
from .thread_stream import ThreadStream

__all__ = [
    "Begun",
    "ENDED",
    "ItemBuffer",
    "ItemCredit",
    "ItemReader",
    "ItemSink",
    "ItemWindow",
    "ItemsIn",
    "PASSED_ON",
    "LOCAL_ITEMS",
    "LateAsk",
    "LocalSink",
    "LocalStreamAsk",
    "NoSink",
    "OpenStream",
    "ItemRoom",
    "StreamedReply",
    "ThreadItems",
    "ThreadStream",
    "ThreadStreamReply",
    "drive",
    "has_room",
    "is_items",
    "no_place",
]
