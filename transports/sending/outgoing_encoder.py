"""As which bytes, and on which lane, a message travels to a peer's reactor; or why it cannot travel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ...actors.base import MessageTooLarge, MessageTypeError, NoRoute, NoSuchReactor, SchemaMismatch, SendError
from ...actors.messages import HARD_MAX_ELEMENTS, Unresolved
from ..lanes import Outgoing, OutLane, RemoteAsk, not_allowed
from ..wire import MESSAGE_LIMIT, ChannelCodec, Codecs
from .remote_stream_ask import RemoteStreamAsk

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["OutgoingEncoder"]


class OutgoingEncoder:
    """For the lanes, by reactor, of one connection: `lanes` is theirs, and changes."""

    __slots__ = ("_codecs", "_lanes", "_peer_id", "want")

    def __init__(self, codecs: Codecs, lanes: dict[str, OutLane], peer_id: str) -> None:
        self._codecs = codecs
        self._lanes = lanes
        self._peer_id = peer_id
        #: Asks the peer what it declares on a lane; set by the connection.
        self.want: Callable[[OutLane], object] = _never

    def encoded(
        self,
        reactor: str,
        message: object,
        reply: TypeForm[Any] | None,
        memo: dict[object, object] | None,
        told: bool = False,  # by place: it is the way of every ask
    ) -> tuple[OutLane, int, bytes]:
        """The lane to a reactor, the number and the bytes of a message to it. Raises SendError, and says why.

        The number is 0 where the peer has yet to say what it declares: the message waits for that, see `encode_late`.
        `reply`: what an ask says of its answer. `memo`: one for all peers that the message goes to. `told`: no answer
        is to be read.
        """
        lane = self._lanes.get(reactor)
        if lane is None:
            self._made_codec(reactor, message)  # why it cannot travel says more
            raise NoSuchReactor(f"peer {self._peer_id} runs no reactor {reactor!r}")
        codec, rights = lane.codec, lane.rights
        if codec is None:
            if rights.forbids(ask=not told):
                raise not_allowed(f"peer {self._peer_id}", reactor, message, ask=not told)
            codec = self._agreed_codec(lane, reactor, message)
            if codec is None:
                return lane, 0, b""
            rights = lane.rights
        numbers = rights.askable
        if reply is not None:
            if not (isinstance(reply, type) and reply in codec.replies):
                codec.check_reply(reply, message)
            numbers = rights.askable_as
        elif told:
            numbers = rights.tellable
        if memo is not None:
            if message.__class__ not in numbers:
                raise self._refusal_of(lane, codec, message, told)
            return lane, *self._encoded_once(lane, codec, message, memo)
        # As `encode` where all is well, without its call.
        number, data = numbers.get(message.__class__, 0), b""
        try:
            if number and codec.checks[number](message):
                data = codec.encode_fields(message)
            else:
                number = 0
        except Exception:  # noqa: BLE001  # `encode` says what is wrong with it
            number = 0
        if not number:
            if message.__class__ not in numbers:
                raise self._refusal_of(lane, codec, message, told)
            return lane, *codec.encode(message, lane.largest, lane.info.max_elements)
        if len(data) > lane.unseen:
            codec.check_sent(message, data, lane.largest, lane.info.max_elements)
        return lane, number, data

    def _refusal_of(self, lane: OutLane, codec: ChannelCodec, message: object, told: bool) -> SendError:
        """Why a message has no number on that lane."""
        if message.__class__ in codec.numbers and lane.rights.forbids(ask=not told):
            return not_allowed(f"peer {self._peer_id}", lane.info.name, message, ask=not told)
        return codec.refusal_of(message)

    def encode_late(self, lane: OutLane, outgoing: Outgoing) -> SendError | None:
        """Number and bytes of a message that has waited until its lane was described; or why it cannot travel."""
        ask = outgoing.reply
        reply = ask.reply_type if isinstance(ask, RemoteAsk) else None
        try:
            found = self.encoded(lane.info.name, outgoing.message, reply, None, ask is None)
        except SendError as error:
            error.never_sent, error.__traceback__ = True, None
            return error
        _, outgoing.number, outgoing.payload = found
        if isinstance(ask, RemoteStreamAsk):
            outgoing.number |= ask.flags
        outgoing.size = len(outgoing.payload)
        return None

    def _agreed_codec(self, lane: OutLane, reactor: str, message: object) -> ChannelCodec | None:
        """The codec of a lane that has none yet: this node may have learned the channel since it was opened.

        None where what the peer declares is on its way. Raises SendError where nothing can be sent.
        """
        own = self._made_codec(reactor, message)
        if own is None:
            raise NoRoute(
                f"this node does not know the channel {reactor!r}: run its reactor, or give the node "
                "channels=[…], so that it knows the messages"
            )
        if own.schema == lane.info.schema:
            lane.speak(own)
        else:
            self.want(lane)
        if lane.codec is not None or lane.awaited:
            return lane.codec
        raise SchemaMismatch(
            f"peer {self._peer_id} declares other messages on channel {reactor!r} ({', '.join(lane.info.types)}) than "
            f"this node: {lane.refused or 'it does not say which'}"
        )

    def agreed(self, lane: OutLane, reactor: str) -> ChannelCodec | None:
        """The codec of a lane, also where it had none; None where nothing can be sent on it (yet)."""
        with contextlib.suppress(SendError):
            return self._agreed_codec(lane, reactor, None)
        return None

    def fits(self, reactor: str, message: object, memo: dict[object, object]) -> bool:
        """A message that a reactor `takes` is not too large for it."""
        lane = self._lanes.get(reactor)
        if lane is None or lane.codec is None:
            return False
        try:
            self._encoded_once(lane, lane.codec, message, memo)
        except MessageTooLarge:
            return False
        except SendError:
            return True  # it is no better anywhere
        return True

    def _made_codec(self, reactor: str, message: object) -> ChannelCodec | None:
        try:
            return self._codecs.make(reactor)
        except (TypeError, Unresolved) as error:
            raise MessageTypeError(str(error), message=message) from error

    def end(self) -> None:
        """The connection has ended: keep nothing that points back to it."""
        self.want = _never

    def _encoded_once(
        self,
        lane: OutLane,
        codec: ChannelCodec,
        message: object,
        memo: dict[object, object],
    ) -> tuple[int, bytes]:
        known = memo.get(codec)
        if known is None:
            memo[codec] = known = codec.encode(message, MESSAGE_LIMIT, HARD_MAX_ELEMENTS)
        number, data = cast("tuple[int, bytes]", known)
        if len(data) > lane.unseen:
            try:
                codec.check_sent(message, data, lane.largest, lane.info.max_elements)
            except MessageTooLarge as error:
                raise MessageTooLarge(f"to peer {self._peer_id}: {error}", message=message) from error
        return number, data


def _never(_lane: OutLane) -> None:
    """There is no connection to ask by."""
