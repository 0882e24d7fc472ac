"""ERROR frames: an error whose texts have no line and no escape of a terminal of their own, whoever prints it."""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.base import PeerbusError, ProtocolError, RemoteError, printable
from peerbus.actors.base.outside_text import printable_error
from peerbus.transports.sending.peer_errors import error_of
from peerbus.transports.wire.frame_decoder import decode_body
from peerbus.transports.wire.frames import Error, GoAway, Reject

WORDS = ("mailbox_full", "message_type", "deadline_handler", "answer_type", "reactor.KeyError", "made_up", "")
TEXTS = ("no", "two\nlines", "\x1b[2J\x1b]0;title\x07", "\u2028\u202e\x85", "\\n", "\ud7ff\U0010ffff")


def check(data: bytes) -> None:
    """The body of one frame, as it has come."""
    try:
        frame = decode_body(data)
    except ProtocolError as error:
        # Its text tells what was wrong, in the peer's words perhaps.
        check_error(ProtocolError(error.reason, error.text))
        return
    if isinstance(frame, Error):
        error_here = error_of(frame, f"bus://peer/desk: {printable(frame.text)}")
        assert isinstance(error_here, PeerbusError)
        assert str(error_here).isprintable()
        if isinstance(error_here, RemoteError):
            assert (error_here.code + error_here.text).isprintable()
        check_error(error_here)
    elif isinstance(frame, GoAway | Reject):
        assert printable(frame.reason + frame.text).isprintable()


def check_error(error: BaseException) -> None:
    """Alone, and as the cause of another one: a traceback has a line for each, and no others."""
    around = ValueError(str(error))
    around.__cause__ = error
    around.add_note(str(error))
    safe = printable_error(around)
    printed = "".join(traceback.format_exception(safe)).splitlines()
    assert all(line.isprintable() for line in printed), printed
    heads = [line for line in printed if line and not line[0].isspace()]
    # The cause and where its help is, what stands between, the error, and its note.
    assert len(heads) <= 5, heads


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each code with each text, and the farewells."""
    for number, code in enumerate(WORDS):
        text = TEXTS[number % len(TEXTS)]
        yield f"error-{number}", msgspec.msgpack.encode(Error(7, 0, 0, code, text))
    yield "goaway", msgspec.msgpack.encode(GoAway("flood", TEXTS[1]))
    yield "reject", msgspec.msgpack.encode(Reject("full", TEXTS[2]))
    yield "bad-field", msgspec.msgpack.encode([6, -1, 0, 0, TEXTS[1], 5])


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one field."""
    return mutate_packed(data, random.Random(seed))[:max_size]
