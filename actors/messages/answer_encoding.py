"""Answers that are no declared message: they travel as type 0, and are read as the type that the asker expects."""

# Law 1: a plain value says itself what it is, and travels as it is. Any other value is marked, as a MessagePack
#        extension: what is in it can be read where its type is known, and nowhere else.
# Law 2: the answering side checks a value against what the message names (`Request[Block]`), else against its own
#        class. The asker reads it as what `reply` says, else as what the message names; where neither does, it takes
#        plain values.
# Law 3: so the same answers are refused here and there. What one side cannot see the other one checks: a field that
#        `reply` does not know would be lost, so such an answer is refused when it arrives.

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgpack

from ..base import MessageTypeError
from .encoding import Answer, Encoding, Unresolved, answer_of, encoding_of
from .exact import PLAIN_SCALARS, first, is_plain, plain_flaw
from .packed import count
from .request import UNNAMED, answer_named
from .stream import travels_as
from .travelling import NOWHERE, encoder_at
from .unkeyed_hashes import UNCHECKED, check_plain

__all__ = ["MAX_PLAIN_ELEMENTS", "TYPED", "decode_answer", "decode_plain", "encode_answer", "marked", "unmarked"]

#: The extension's number: a value of a type that the asker knows.
TYPED: Final = 1
#: Elements of one list or map in a plain value: an empty list of one byte becomes 56 in memory.
MAX_PLAIN_ELEMENTS: Final = 65_536

_encode = encoder_at(NOWHERE)


def encode_answer(
    value: object,
    message_type: type | None,
    messages: tuple[type, ...],
    encode: Callable[[object], bytes] | None = None,
) -> bytes:
    """The payload of an answer to a message of this type, where that is known, on a channel of these messages.

    `encode`: the encoder of its node; None where it is only looked at. Raises MessageTypeError, which names the part
    that cannot travel.
    """
    answer = None if message_type is None else _named(message_type, messages)
    plain = False
    try:
        plain = is_plain(value)
        if answer is None:
            why = None if plain else _own_flaw(value, "the answer")
        else:
            why = None if answer.fits(value) else answer.why_not(value)
        if why is None:
            payload = (encode or _encode)(value)
            _check_maps(payload, value, answer, plain=plain)
            if not plain:
                return marked(payload)
            if len(payload) <= MAX_PLAIN_ELEMENTS or not (answer is None or answer.plain):
                return payload  # it cannot hold more; or its type is known, and then it is no larger for being read
            why = _too_many(value, "the answer")
            if why is None:
                return payload
    except RecursionError:
        why = "the answer is nested too deeply"
    except Exception as error:  # noqa: BLE001  # an int of more than 64 bits; what a class of the handler's own raises
        why = f"the answer cannot be encoded: {error}"
        with contextlib.suppress(Exception):  # the same again
            why = (plain_flaw(value, "the answer") if plain else _own_flaw(value, "the answer")) or why
    raise MessageTypeError(why, message=value)


def decode_answer(payload: bytes | memoryview, message: object, reply: Any, messages: tuple[type, ...]) -> object:
    """The answer to `message`, read by its asker with this `reply`. Raises MessageTypeError."""
    try:
        return _decoded(payload, message, reply, messages)
    except (MessageTypeError, Unresolved):
        raise
    # Of bytes that a peer makes up, and of classes of a user's own, anything.
    except Exception as error:
        raise MessageTypeError(f"it is malformed: {error}", message=message) from error


def _decoded(payload: bytes | memoryview, message: object, reply: Any, messages: tuple[type, ...]) -> object:
    data, typed = unmarked(payload)
    answer = _named(type(message), messages) if reply is None else answer_of(reply, messages)
    if answer is None or answer.plain:
        if typed:
            raise MessageTypeError(
                "its type is not known here: ask with reply=…, or let the message name it, as Request[…]",
                message=message,
            )
        return decode_plain(data)
    try:
        # By its type, also what is plain: so an int that stands for a float is one, and a long list has room.
        value = answer.decode(data)
    except MessageTypeError as error:
        why = None if typed or reply is None else answer.why_not(decode_plain(data))
        raise MessageTypeError(why or str(error), message=message) from error
    if reply is None or (value.__class__ in PLAIN_SCALARS and not typed):
        # The other side has looked at what the message names. A peer of ours marks what is not plain; another one may
        # know no better, and is understood.
        return value
    if is_plain(value) is typed:  # it was something else: a tuple, a set, a UUID, or a map that looks as an object does
        why = None if typed else answer.why_not(decode_plain(data))
        raise MessageTypeError(why or f"it is another type than {answer.name}", message=message)
    again = _encode(value)
    if len(again) < len(data) and count(again) < count(data):
        raise MessageTypeError(f"it has fields that {answer.name} does not declare", message=message)
    return value


def decode_plain(payload: bytes | memoryview) -> object:
    """A value of nobody's type. Raises what msgpack raises, and ValueError for a map that nobody may send."""
    check_plain(payload)
    return msgpack.unpackb(
        payload,
        max_array_len=MAX_PLAIN_ELEMENTS,
        max_map_len=MAX_PLAIN_ELEMENTS,
        max_ext_len=0,
        ext_hook=_no_extension,
        strict_map_key=False,
    )


def _no_extension(code: int, data: bytes) -> object:
    """One of no bytes has passed `max_ext_len`."""
    raise ValueError(f"an extension {code} of {len(data)} bytes in a plain value")


def marked(payload: bytes) -> bytes:
    """The payload as a MessagePack extension."""
    size = len(payload)
    for head, width in ((b"\xc7", 1), (b"\xc8", 2), (b"\xc9", 4)):
        if size < 1 << 8 * width:
            return b"%b%b%c%b" % (head, size.to_bytes(width, "big"), TYPED, payload)
    raise ValueError(f"an answer of {size} bytes")


#: Bytes before the type of an extension and its data, by its head.
_HEADS: Final = {**dict.fromkeys(range(0xD4, 0xD9), 1), 0xC7: 2, 0xC8: 3, 0xC9: 5}


def unmarked(payload: bytes | memoryview) -> tuple[bytes | memoryview, bool]:
    """What is in it, and whether it was marked."""
    at = _HEADS.get(payload[0]) if payload else None
    if at is None or len(payload) <= at or payload[at] != TYPED:
        return payload, False
    head = payload[0]
    size = 1 << head - 0xD4 if at == 1 else int.from_bytes(payload[1:at], "big")
    if len(payload) != at + 1 + size:
        raise ValueError(f"{len(payload) - at - 1} bytes in an extension of {size}")
    return payload[at + 1 :], True


def _check_maps(payload: bytes, value: object, answer: Answer[Any] | None, *, plain: bool) -> None:
    """Raise ValueError where whoever reads the answer would refuse a map in it."""
    if len(payload) <= UNCHECKED:
        return
    if plain and (answer is None or answer.plain):
        check_plain(payload)
    elif (encoding := _read_as(value, answer)) is not None and encoding.guard is not None:
        encoding.guard(payload)


def _read_as(value: object, answer: Answer[Any] | None) -> Encoding[Any] | None:
    if answer is not None:
        return encoding_of(value.__class__) if value.__class__ in answer.declared else answer.rest
    return None if value.__class__ in (list, tuple, set, frozenset, dict) else encoding_of(value.__class__)


def _too_many(value: object, where: str) -> str | None:
    """Which list or map of a plain value holds more than an asker takes without knowing its type."""
    if value.__class__ is not list and value.__class__ is not dict:
        return None
    assert isinstance(value, list | dict)
    if len(value) > MAX_PLAIN_ELEMENTS:
        return (
            f"{where} has {len(value)} items, a plain value at most {MAX_PLAIN_ELEMENTS} in one list or map: let the "
            "message name its answer, as Request[list[int]], or send long arrays of numbers as bytes"
        )
    inside = enumerate(value) if isinstance(value, list) else value.items()
    return first(_too_many(each, f"{where}[{place!r}]") for place, each in inside)


def _named(message_type: type, messages: tuple[type, ...]) -> Answer[Any] | None:
    """What the message names as its answer; None where it names nothing, or nothing that can be found."""
    try:
        named = answer_named(message_type)
        named = travels_as(named)
        return None if named is UNNAMED else answer_of(named, messages)
    except (TypeError, Unresolved):
        return None


def _own_flaw(value: object, where: str) -> str | None:
    """What keeps a value from travelling as what it is itself."""
    kind = value.__class__
    if kind in PLAIN_SCALARS:
        return plain_flaw(value, where)
    if kind in (list, tuple, set, frozenset):
        assert isinstance(value, list | tuple | set | frozenset)
        return first(_own_flaw(each, f"{where}[{place}]") for place, each in enumerate(value))
    if kind is dict:
        assert isinstance(value, dict)
        return first(_own_flaw(key, f"the key {key!r} of {where}") for key in value) or first(
            _own_flaw(each, f"{where}[{key!r}]") for key, each in value.items()
        )
    try:
        encoding = encoding_of(kind)
    except (TypeError, Unresolved) as error:
        return f"{where} is {kind.__name__}, which cannot travel: {error}"
    return None if encoding.fits(value) else encoding.why_not(value, where)
