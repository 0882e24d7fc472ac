"""Payloads: a message of a channel as bytes, and back, checked against what the channel declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from sys import getsizeof
from typing import Any

from ...actors.base import MessageTooLarge, MessageTypeError, SchemaMismatch
from ...actors.messages import (
    FACTS,
    NOWHERE,
    UNCHECKED,
    UNNAMED,
    Channel,
    HomeNode,
    Unresolved,
    answer_named,
    answer_of,
    article,
    decode_answer,
    decode_plain,
    encode_answer,
    encoder_at,
    encoding_of,
    marked,
    too_many,
    unmarked,
    wrong_answer,
)
from ..schema import Described, describe, travelling
from .counted import OF_CONTAINER, UNCOUNTED, Counted
from .elements import check_elements, grows, why_too_many
from .forwarded import Forwarded
from .hello import ChannelInfo

__all__ = ["ChannelCodec", "Numbering", "Payload"]

#: Type number and bytes, as they stand in TELL, ASK and REPLY.
Payload = tuple[int, bytes]

#: The type number of an answer that is no declared message: a plain value, or one of a type that the asker knows.
PLAIN = 0
#: How many types a codec remembers that asks have named as their answers.
KEPT_REPLIES = 256
#: Bytes of memory for a message of a peer beside its name, and for one that nothing here is read as beside what is
#: said of it.
OF_NAME, OF_UNREADABLE = 32, 64


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a peer numbers the messages of a channel that it declares otherwise; `codec_towards` makes it.

    `described`: this node's messages. `schema`: the peer's. `names`: of its messages. `classes`: what each is read as
    here, None for nothing, which `unreadable` explains by number. `numbers`: those of what can be sent, `refused`: why
    the others cannot. `unread`: why the answers to some cannot be read, `otherwise` those that come another way.
    """

    described: Described
    schema: bytes
    names: tuple[str, ...]
    classes: tuple[type | None, ...]
    unreadable: Mapping[int, str]
    numbers: Mapping[type, int]
    refused: Mapping[type, str]
    unread: Mapping[type, str]
    otherwise: frozenset[type] = frozenset()

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes, and what a codec makes of it: what the peer's description is to be paid by."""
        unreadable = self.unreadable.values()
        texts = sum(map(getsizeof, chain(self.names, unreadable, self.refused.values(), self.unread.values())))
        return OF_NAME * len(self.names) + OF_UNREADABLE * len(unreadable) + texts


class ChannelCodec:
    """Encodes and decodes the messages of one channel. Stateless but for its decoders; shared by connections.

    `theirs`: towards peers that number them otherwise. Raises TypeError where its messages cannot travel, and
    Unresolved where an annotation names what is not found.
    """

    def __init__(self, channel: Channel[Any], theirs: Numbering | None = None, home: HomeNode = NOWHERE) -> None:
        self.channel = channel
        #: The node that its messages leave, which what is local there becomes.
        self.home = home
        own = _own_numbering(channel) if theirs is None else theirs
        #: The description of this node's messages.
        self.described = own.described
        self.schema = own.schema
        #: What travels of the declared messages, in the order of their numbers; of a peer's those that are known here.
        self.messages = tuple(message_type for message_type in own.classes if message_type is not None)
        self._names = own.names
        #: Bytes of memory that are here because a peer declares the channel otherwise.
        self.memory = 0 if theirs is None else theirs.memory
        self._refused, self._unread = own.refused, own.unread
        #: Why nothing here is read as a message, by its number.
        self._unreadable = own.unreadable
        #: The bytes of a message, unchecked: for a caller that asked `numbers` for its type, and `checks` for its
        #: fields.
        self.encode_fields = encoder_at(home)
        #: What asks have said of their answers, and is right; KEPT_REPLIES of them at most.
        self.replies: set[object] = set()
        #: Type numbers of the messages that can be told.
        self.numbers: dict[type, int] = dict(own.numbers)
        #: The same of those that can be asked: their answers are understood. Nearly always the very same.
        self.asked: dict[type, int] = self.numbers
        #: And of those that can be asked by who says what their answers are read as.
        self.asked_as: dict[type, int] = self.numbers
        if own.unread:
            self.asked = {each: number for each, number in own.numbers.items() if each not in own.unread}
            self.asked_as = {each: number for each, number in own.numbers.items() if each not in own.otherwise}
        self.checks: list[Callable[[Any], bool]] = [_no_check] * (len(own.classes) + 1)
        for message_type, number in own.numbers.items():
            #: By type number: true where each field is exactly of its type. Not true, or raising: ask `encode`.
            self.checks[number] = encoding_of(message_type).quick
        self._grow = any(map(grows, own.numbers))
        self._guarded = any(encoding_of(message_type).guard is not None for message_type in own.numbers)
        #: Bytes up to which a payload is sent without `check_sent`, where the receiver takes as much as this channel.
        self.unseen = self.sent_unseen(channel.max_message, channel.max_elements)
        #: Decoders by type number, which raise what msgspec raises; none of a plain value.
        self.decoders: list[Callable[[bytes | memoryview], Any]] = [_no_plain_value]
        for message_class in own.classes:
            if message_class is None:
                self.decoders.append(_unreadable)  # one for all: a peer may have a thousand of these on each lane
            else:
                self.decoders.append(_decoder_of(message_class, channel))

    @cached_property
    def info(self) -> ChannelInfo:
        """The channel as HELLO announces it."""
        channel = self.channel
        return ChannelInfo(
            name=channel.name,
            types=tuple(message_type.__name__ for message_type in self.messages),
            schema=self.schema,
            messages=channel.window,
            bytes=channel.window_bytes,
            max_message=channel.max_message,
            priority=channel.priority,
            max_elements=channel.max_elements,
            compress=channel.compress or "",
        )

    def sent_unseen(self, largest: int, elements: int) -> int:
        """Bytes up to which a payload may be sent without `check_sent`, to a channel of these limits."""
        if self._guarded:
            return min(largest, elements, UNCHECKED)
        return min(largest, elements) if self._grow else largest

    def check_sent(self, message: object, payload: bytes, largest: int, elements: int) -> None:
        """Raise MessageTooLarge or MessageTypeError where whoever reads this payload of a message would refuse it."""
        if len(payload) > largest:
            raise self.too_large(message, len(payload), largest)
        if too_many(payload, elements):
            raise MessageTooLarge(
                f"{type(message).__name__} on channel {self.channel.name!r}: {why_too_many(elements)}", message=message
            )
        guard = encoding_of(message.__class__).guard
        if guard is None:
            return
        try:
            guard(payload)
        except ValueError as error:
            text = f"{type(message).__name__} on channel {self.channel.name!r} cannot be sent: {error}"
            raise MessageTypeError(text, message=message) from error

    def encode(self, message: object, limit: int, elements: int | None = None) -> Payload:
        """The payload of a declared message.

        Raises MessageTypeError (not declared, or a field holds what it does not declare, which is named) and
        MessageTooLarge above `limit` bytes, or with more values than `elements` (None: than the channel says).
        """
        number = self.numbers.get(message.__class__)
        if number is None:
            raise self.refusal_of(message)
        try:
            payload = encoding_of(message.__class__).encode(message, self.encode_fields)
        except MessageTypeError as error:
            raise MessageTypeError(f"{error} (channel {self.channel.name!r})", message=message) from error.__cause__
        most = self.channel.max_elements if elements is None else elements
        if len(payload) > min(self.unseen, limit, most):
            self.check_sent(message, payload, limit, most)
        return number, payload

    @property
    def refusals(self) -> dict[str, str]:
        """Why what cannot be sent to, or asked of, the peer cannot, by the names of the messages."""
        return {each.__name__: why for each, why in (*self._refused.items(), *self._unread.items())}

    def declared_otherwise(self, message: object) -> bool:
        """The peer has a message of that name, which is not read from this one: as an answer or an item neither."""
        return message.__class__ in self._refused and message.__class__.__name__ in self._names

    def refusal_of(self, message: object) -> MessageTypeError | SchemaMismatch:
        """Why a message has no number, or cannot be asked."""
        name, channel = type(message).__name__, self.channel.name
        one = f"channel {channel!r}: {article(name)}"
        why = self._refused.get(message.__class__)
        if why is not None:
            return SchemaMismatch(f"{one} cannot be sent to the peer: {why}", message=message)
        why = self._unread.get(message.__class__)
        if why is not None:
            return SchemaMismatch(f"{one} cannot be asked of the peer: {why}", message=message)
        declared = ", ".join(each.__name__ for each in self.channel.messages if each not in FACTS)
        return MessageTypeError(f"channel {channel!r} carries no {name}, it declares {declared}", message=message)

    def encode_reply(self, value: object, limit: int, asked: int = 0) -> Payload:
        """The payload of an answer: a declared message, or what else travels; see `answer_encoding`.

        Raises as `encode`, and MessageTooLarge for more values than the channel says. `asked` is the number of the
        message that it answers; 0 where that is not known.
        """
        number = self.numbers.get(value.__class__)
        if number is not None:
            data: bytes | None = None
            try:
                if self.checks[number](value):
                    data = self.encode_fields(value)
            except Exception:  # noqa: BLE001, S110  # `encode` says what is wrong with it
                pass
            if data is None:
                return self.encode(value, limit)
            if len(data) > self.unseen or len(data) > limit:
                self.check_sent(value, data, limit, self.channel.max_elements)
            return number, data
        if isinstance(value, Forwarded):  # by another process of this node, where it was encoded so
            return value.number, value.payload
        message_type = self.messages[asked - 1] if asked else None
        try:
            payload = encode_answer(value, message_type, self.messages, self.encode_fields)
            if self.channel.max_elements < len(payload) <= limit:
                _check_answer(unmarked(payload)[0], value, self.channel.max_elements)
        except MessageTypeError as error:
            text = wrong_answer(self.channel.name, message_type, _named_by(message_type), value, str(error))
            raise MessageTypeError(text, message=value) from error.__cause__
        if len(payload) > limit:
            raise self.too_large(value, len(payload), limit)
        return PLAIN, payload

    def check_reply(self, reply: object, message: object) -> None:
        """Raise MessageTypeError where no answer can arrive as what `reply` says."""
        try:
            answer_of(reply, self.messages)
            if isinstance(reply, type) and len(self.replies) < KEPT_REPLIES:
                self.replies.add(reply)
        except (TypeError, Unresolved) as error:
            raise MessageTypeError(
                f"reply is {reply!r}, and no answer on channel {self.channel.name!r} arrives as that: {error}",
                message=message,
            ) from error

    def decode_reply(self, number: int, payload: bytes | memoryview, message: object, reply: object) -> object:
        """The answer to `message`, which was asked with that `reply`. Raises MessageTypeError."""
        if number and (reply is None or number not in self._unreadable):
            return self.decode(number, payload)
        try:
            if number:  # what it is here nobody knows but the asker
                payload = marked(bytes(payload))
            if len(payload) > self.channel.max_elements:
                check_elements(unmarked(payload)[0], self.channel.max_elements)
            return decode_answer(payload, message, reply, self.messages)
        except BaseException as error:  # whatever it is, the bytes are to blame
            raise MessageTypeError(
                f"the answer to {type(message).__name__} on channel {self.channel.name!r} is refused: {error}",
                message=message,
            ) from error

    def decode(self, number: int, payload: bytes | memoryview) -> object:
        """The message, its fields checked against the declared types. Raises MessageTypeError."""
        try:
            if number == PLAIN:
                check_elements(payload, self.channel.max_elements)
                return decode_plain(payload)
            if number >= len(self.decoders):
                raise MessageTypeError(
                    f"channel {self.channel.name!r} declares {len(self.decoders) - 1} types, not a number {number}"
                )
            return self.decoders[number](payload)
        except MessageTypeError:
            raise
        # Whatever it is, the bytes are to blame: a key that has no hash, an assertion in a `__post_init__`.
        except BaseException as error:
            raise self.malformed(number, error) from error

    def malformed(self, number: int, error: BaseException) -> MessageTypeError:
        """What is to be said of a message of that number whose decoder has raised this."""
        name = "a plain value" if number == PLAIN else self._names[number - 1]
        why = self._unreadable.get(number)
        said = error if why is None else f"it cannot be read here: {why}"
        return MessageTypeError(f"{name} on channel {self.channel.name!r} is malformed: {said}")

    def weight(self, message: object, size: int) -> int:
        """Bytes that the message of this size which was decoded last stands for; 0: what its type weighs."""
        number = self.numbers.get(message.__class__, 0) if size > UNCOUNTED else 0
        decoder = self.decoders[number]
        return size + decoder.made * OF_CONTAINER if isinstance(decoder, Counted) else 0

    def too_large(self, message: object, size: int, limit: int) -> MessageTooLarge:
        """The error of a message that takes more bytes than may travel."""
        return MessageTooLarge(
            f"{type(message).__name__} takes {size} bytes, channel {self.channel.name!r} carries {limit} "
            "(its max_message)",
            message=message,
        )


def _check_answer(payload: bytes | memoryview, value: object, limit: int) -> None:
    try:
        check_elements(payload, limit)
    except ValueError as error:  # as the asker would say, after all of it had travelled
        raise MessageTooLarge(f"the answer has {error}", message=value) from None


def _own_numbering(channel: Channel[Any]) -> Numbering:
    described = describe(channel)
    messages = travelling(channel)
    names = tuple(message_type.__name__ for message_type in messages)
    numbers = {message_type: number for number, message_type in enumerate(messages, 1)}
    return Numbering(described, described.schema, names, messages, {}, numbers, {}, {})


def _unreadable(_payload: bytes | memoryview) -> object:
    raise ValueError("it cannot be read here")  # `malformed` says why


def _no_check(_message: object) -> bool:
    return False


def _no_plain_value(payload: bytes | memoryview) -> object:
    raise ValueError(f"a plain value of {len(payload)} bytes, where a declared message is expected")


def _decoder_of(message_type: type, channel: Channel[Any]) -> Callable[[bytes | memoryview], Any]:
    decode = encoding_of(message_type).decoder
    return Counted(decode, check_elements, channel.max_elements) if grows(message_type) else decode


def _named_by(message_type: type | None) -> object:
    try:
        return UNNAMED if message_type is None else answer_named(message_type)
    except Unresolved:
        return UNNAMED
