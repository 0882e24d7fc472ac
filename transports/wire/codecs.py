"""The channels that one node knows, with their codecs: shared by its connections."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ...actors.messages import NOWHERE, Channel, HomeNode, Unresolved
from ..schema import hash_of, read_description
from .payload import ChannelCodec
from .peer_codec import codec_towards
from .wrong_hash import WrongHash

__all__ = ["MAX_JUDGED", "MOST_JUDGED", "Codecs"]

#: Verdicts that are kept: a program with some versions of each of its channels among its peers has a dozen.
MAX_JUDGED = 256
#: Bytes of memory for all of these: one of some dozens of messages has 10 KiB, one that was made to be large 240 KiB.
#: (What a connection uses counts for its peer, in `PeerMemory`, for as long as it is there.)
MOST_JUDGED = 4 << 20
#: Bytes of a peer's description that are read, and those for each of the node's own: one of many versions on has twice
#: as many. What is beyond that takes tens of milliseconds to read, for each channel and each new hash.
READ, READ_TIMES = 32 * 1024, 8


class Codecs:
    """Codecs by channel name, made when a channel is first needed. `home`: the node, for addresses in messages."""

    def __init__(self, channels: Mapping[str, Channel[Any]], home: HomeNode = NOWHERE) -> None:
        self._channels = channels
        self._home = home
        self._codecs: dict[str, ChannelCodec] = {}
        #: Towards peers with other messages, by name and the peer's hash; used last, kept longest.
        self._judged: OrderedDict[tuple[str, bytes], ChannelCodec] = OrderedDict()
        #: Bytes of memory that these take.
        self._taken = 0

    def get(self, name: str) -> ChannelCodec | None:
        """The codec of a channel; None for one that this node does not know, or that cannot travel: see `make`."""
        try:
            return self.make(name)
        except (TypeError, Unresolved):
            return None

    def towards(self, name: str, schema: bytes) -> ChannelCodec | None:
        """The codec for sends to a peer whose channel of that name has that hash: this node's, or one that was judged.

        None where this node does not know the channel, or has yet to see the description of that hash: see `judge`.
        """
        own = self.get(name)
        if own is None or own.schema == schema:
            return own
        found = self._judged.get((name, schema))
        if found is not None:
            self._judged.move_to_end((name, schema))
        return found

    def judge(self, name: str, schema: bytes, data: bytes) -> ChannelCodec | None:
        """Look at the description of a peer's channel, and keep what comes of it; None as `towards`.

        Raises WrongHash where it has another one, ValueError where it cannot be read.
        """
        own = self.get(name)
        if own is None:
            return None
        if hash_of(data) != schema:
            raise WrongHash(f"its description has the hash {hash_of(data).hex()}, it has announced {schema.hex()}")
        most = READ + READ_TIMES * len(own.described.data)
        if len(data) > most:
            raise ValueError(f"a description of {len(data)} bytes, at most {most} are read beside this node's own")
        made = codec_towards(own, schema, read_description(data))
        self._keep((name, schema), made)
        return made

    def _keep(self, key: tuple[str, bytes], made: ChannelCodec) -> None:
        judged = self._judged
        before = judged.pop(key, None)
        judged[key] = made
        self._taken += made.memory - (0 if before is None else before.memory)
        while len(judged) > MAX_JUDGED or self._taken > MOST_JUDGED:
            self._taken -= judged.popitem(last=False)[1].memory

    def make(self, name: str) -> ChannelCodec | None:
        """The codec of a channel; None for one that this node does not know, or that stays here.

        Raises TypeError where its messages cannot travel, Unresolved where an annotation names what is not found (yet).
        """
        codec = self._codecs.get(name)
        if codec is None:
            channel = self._channels.get(name)
            if channel is None or channel.local:
                return None
            codec = self._codecs[name] = ChannelCodec(channel, home=self._home)
        return codec
