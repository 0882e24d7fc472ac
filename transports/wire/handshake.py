"""The first exchange on a connection: preface, HELLO, then WELCOME or REJECT, as a table of states."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ...actors.base import HandshakeFailed, ProtocolError, printable
from ..admission import ENTRY_MAGIC
from .frame_decoder import FrameDecoder, decode_body
from .frame_encoder import FrameEncoder
from .frames import HANDSHAKE_FRAME_LIMIT, ArrivedFrame, GoAway, HelloFrame, Reject, Welcome
from .greeting_reader import GreetingReader
from .hello import Hello, check
from .texts import WORD_LIMIT, clip

__all__ = [
    "HIGHEST_VERSION",
    "LOWEST_VERSION",
    "MAGIC",
    "TRANSITIONS",
    "Handshake",
    "HandshakeEvent",
    "PeerHello",
    "HandshakeState",
    "HandshakeStep",
    "Welcomed",
    "turned_away",
    "why_turned_away",
]

# Law 1: everything that may happen stands in TRANSITIONS, and `_step` is the only door to it.
# Law 2: both sides are equal: each sends preface and HELLO at once, each answers WELCOME or REJECT.
# Law 3: a side sends other frames only after it sent WELCOME *and* received WELCOME. So nothing
#        reaches a node that did not accept its sender, and what is buffered before that is bounded.
#        One exception: a side that said WELCOME may change its mind with GOAWAY, since REJECT would reach a
#        peer that is established.
# Law 4: a peer that spoke our magic is told why it is refused; anything else is not our protocol and
#        gets no answer.

MAGIC = b"peerbus\0"
LOWEST_VERSION = 1
HIGHEST_VERSION = 1
#: The reason of a peer that refuses without a word: reasons are counted and logged by their names.
UNSAID = "unsaid"
_PREFACE = struct.Struct(">8sHH")


class HandshakeState(Enum):
    """Where a handshake stands, seen from one side."""

    NEW = "new"
    PREFACE = "waits for the preface"
    HELLO = "waits for HELLO"
    DECIDING = "has HELLO, nobody answered"
    WELCOMED = "was welcomed, has not answered"
    ACCEPTED = "has accepted, waits for WELCOME"
    ESTABLISHED = "established"
    FAILED = "failed"


class HandshakeStep(Enum):
    """What can happen to a handshake: done by the owner, or sent by the peer."""

    START = "start"
    GET_PREFACE = "preface"
    GET_HELLO = "HELLO"
    GET_WELCOME = "WELCOME"
    GET_REJECT = "REJECT"
    GET_GOAWAY = "GOAWAY"
    ACCEPT = "accept"
    REJECT = "reject"
    FAULT = "fault"


TRANSITIONS: dict[HandshakeState, dict[HandshakeStep, HandshakeState]] = {
    HandshakeState.NEW: {
        HandshakeStep.START: HandshakeState.PREFACE,
    },
    HandshakeState.PREFACE: {
        HandshakeStep.GET_PREFACE: HandshakeState.HELLO,
        HandshakeStep.REJECT: HandshakeState.FAILED,
        HandshakeStep.FAULT: HandshakeState.FAILED,
    },
    HandshakeState.HELLO: {
        HandshakeStep.GET_HELLO: HandshakeState.DECIDING,
        HandshakeStep.GET_REJECT: HandshakeState.FAILED,
        HandshakeStep.REJECT: HandshakeState.FAILED,
        HandshakeStep.FAULT: HandshakeState.FAILED,
    },
    HandshakeState.DECIDING: {
        HandshakeStep.GET_WELCOME: HandshakeState.WELCOMED,
        HandshakeStep.GET_REJECT: HandshakeState.FAILED,
        HandshakeStep.ACCEPT: HandshakeState.ACCEPTED,
        HandshakeStep.REJECT: HandshakeState.FAILED,
        HandshakeStep.FAULT: HandshakeState.FAILED,
    },
    HandshakeState.WELCOMED: {
        HandshakeStep.GET_GOAWAY: HandshakeState.FAILED,
        HandshakeStep.ACCEPT: HandshakeState.ESTABLISHED,
        HandshakeStep.REJECT: HandshakeState.FAILED,
        HandshakeStep.FAULT: HandshakeState.FAILED,
    },
    HandshakeState.ACCEPTED: {
        HandshakeStep.GET_WELCOME: HandshakeState.ESTABLISHED,
        HandshakeStep.GET_REJECT: HandshakeState.FAILED,
        HandshakeStep.REJECT: HandshakeState.FAILED,
        HandshakeStep.FAULT: HandshakeState.FAILED,
    },
    HandshakeState.ESTABLISHED: {},
    HandshakeState.FAILED: {},
}


@dataclass(frozen=True, slots=True)
class PeerHello:
    """The peer said who it is, and may talk to us: accept or reject it. `version` is spoken from now."""

    hello: Hello
    version: int


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The peer accepted us: `established` if we accepted it as well."""


HandshakeEvent: TypeAlias = PeerHello | Welcomed


class Handshake:
    """One side of a handshake. Feed it what the stream gives, send what it returns.

    Args:
        hello: what this node says about itself.
        dialer: whether this side dialed.
        expected_id: the node id that was dialed, None where any will do.
        authenticated_id: the node id that the stream proved, None where it proves nothing.

    Raises:
        ValueError: a peer would refuse `hello`, or it does not fit into `HANDSHAKE_FRAME_LIMIT`; or
            an accepting side expects an id.
    """

    def __init__(
        self,
        hello: Hello,
        *,
        dialer: bool,
        expected_id: str | None = None,
        authenticated_id: str | None = None,
    ) -> None:
        if expected_id is not None and not dialer:
            raise ValueError("a side that accepts a connection cannot expect an id: pass it on the dialing side")
        self.hello = hello
        self.dialer = dialer
        self.expected_id = expected_id
        self.authenticated_id = authenticated_id
        #: The peer's HELLO, as soon as it is read; also after a failure, for the log.
        self.peer: Hello | None = None
        #: The version both sides speak; 0 before the preface.
        self.version = 0
        self._state = HandshakeState.NEW
        self._encoder = FrameEncoder()
        self._reader = GreetingReader()
        self._decoder = FrameDecoder(HANDSHAKE_FRAME_LIMIT, self._reader.decoders)
        self._preface = b""
        self._out = b""
        self._failure: HandshakeFailed | ProtocolError | None = None
        self._first = self._encoder.encode(HelloFrame(hello))
        self._check_own_hello()

    def _check_own_hello(self) -> None:
        if len(self._first) - 4 > HANDSHAKE_FRAME_LIMIT:
            raise ValueError(
                f"HELLO takes {len(self._first) - 4} bytes, a peer reads {HANDSHAKE_FRAME_LIMIT}:"
                " fewer channels, or fewer message types in them"
            )
        try:
            decode_body(self._first[4:])
        except ProtocolError as error:
            raise ValueError(f"no peer would accept this HELLO: {error.text}") from error

    @property
    def state(self) -> HandshakeState:
        """Where the handshake stands."""
        return self._state

    @property
    def is_new(self) -> bool:
        """Whether it has not begun, so that nothing was said."""
        return self._state is HandshakeState.NEW

    @property
    def left_out(self) -> tuple[str, ...]:
        """Fields of the peer's HELLO that are above a bound of this version, and were not taken whole."""
        return self._reader.left_out

    @property
    def established(self) -> bool:
        """Whether both sides said WELCOME: from now on frames may be sent."""
        return self._state is HandshakeState.ESTABLISHED

    def address(self, hello: Hello) -> None:
        """Say this in place of the first HELLO, now that it is known who is there; not where no peer would read it.

        Raises RuntimeError once begun.
        """
        if not self.is_new:
            raise RuntimeError(f"HELLO was said: the handshake is {self._state.value}")
        first = self._encoder.encode(HelloFrame(hello))
        if len(first) - 4 <= HANDSHAKE_FRAME_LIMIT:
            self.hello, self._first = hello, first

    def start(self) -> bytes:
        """Begin: the preface and HELLO, to be sent at once. Raises RuntimeError the second time."""
        self._step(HandshakeStep.START)
        return _PREFACE.pack(MAGIC, LOWEST_VERSION, HIGHEST_VERSION) + self._first

    def accept(self) -> bytes:
        """Let the peer in: WELCOME, to be sent. Raises RuntimeError before its HELLO or after an end."""
        self._step(HandshakeStep.ACCEPT)
        return self._encoder.encode(Welcome())

    def reject(self, reason: str, text: str = "", records: tuple[bytes, ...] = ()) -> bytes:
        """Refuse the peer: what is to be sent before closing. Raises RuntimeError once established.

        `records` are those of other nodes that may have room. That is REJECT, or GOAWAY after accept(): the peer may
        count itself as established by then.
        """
        farewell = self._farewell(reason, text, records)
        self._step(HandshakeStep.REJECT)
        self._failure = HandshakeFailed(reason, text)
        return farewell

    def leftover(self) -> bytes:
        """Bytes of the peer's first frames that came along, once: feed them to the next decoder.

        Raises RuntimeError before the handshake is established.
        """
        if not self.established:
            raise RuntimeError(f"nothing is left over: the handshake is {self._state.value}")
        return self._decoder.rest()

    def to_send(self) -> bytes:
        """Bytes that should still go out after `receive` raised (why the peer is refused), once."""
        out, self._out = self._out, b""
        return out

    def receive(self, data: bytes) -> list[HandshakeEvent]:
        """Take what the stream gave and say what happened. Nothing may be fed once `established`.

        Raises:
            HandshakeFailed: the two may not talk: `version`, `network`, `self_dial`, `node_id`, or the
                peer's own reason with `by_peer` set.
            ProtocolError: `magic`, `unexpected_frame`, or what `decode_body` raises.
            RuntimeError: before start(), or once established.

        After an error, send `to_send()` and close; further calls raise the same error.
        """
        if self._failure is not None:
            raise self._failure
        if self._state in (HandshakeState.NEW, HandshakeState.ESTABLISHED):
            raise RuntimeError(f"nothing can be received here: the handshake is {self._state.value}")
        try:
            return self._receive(data)
        except (HandshakeFailed, ProtocolError) as error:
            self._fail(error)
            raise

    def _receive(self, data: bytes) -> list[HandshakeEvent]:
        if self._state is HandshakeState.PREFACE:
            data = self._read_preface(data)
        if not data:
            return []
        events: list[HandshakeEvent] = []
        for frame in self._decoder.feed(data):
            events.append(self._take(frame))
            if self.established:
                break  # what follows is under other limits, and not ours to read
        return events

    def _read_preface(self, data: bytes) -> bytes:
        """Read the preface as far as it came, and return what follows it."""
        wanted = _PREFACE.size - len(self._preface)
        self._preface += data[:wanted]
        seen = self._preface[: len(MAGIC)]
        if seen == ENTRY_MAGIC:
            raise HandshakeFailed(
                "network_policy", "the peer's network asks for a key or a certificate, this one does not"
            )
        if seen != MAGIC[: len(seen)]:
            raise ProtocolError("magic", f"{seen!r} does not start this protocol")
        if len(self._preface) < _PREFACE.size:
            return b""
        _, lowest, highest = _PREFACE.unpack(self._preface)
        version = min(highest, HIGHEST_VERSION)
        if version < max(lowest, LOWEST_VERSION):
            raise HandshakeFailed(
                "version",
                f"this side speaks {LOWEST_VERSION} to {HIGHEST_VERSION}, the peer {lowest} to {highest}",
            )
        self.version = version
        self._step(HandshakeStep.GET_PREFACE)
        return data[wanted:]

    def _take(self, frame: ArrivedFrame) -> HandshakeEvent:
        if isinstance(frame, HelloFrame):
            self._step(HandshakeStep.GET_HELLO)
            self.peer = frame.hello
            check(
                frame.hello,
                network=self.hello.network,
                self_id=self.hello.node_id,
                incarnation=self.hello.incarnation,
                authenticated_id=self.authenticated_id,
                expected_id=self.expected_id,
            )
            return PeerHello(frame.hello, self.version)
        if isinstance(frame, Welcome):
            self._step(HandshakeStep.GET_WELCOME)
            return Welcomed()
        if isinstance(frame, Reject):
            self._step(HandshakeStep.GET_REJECT)
            reason, text = printable(frame.reason) or UNSAID, printable(frame.text)
            raise HandshakeFailed(reason, text, by_peer=True, records=frame.records)
        if isinstance(frame, GoAway):
            self._step(HandshakeStep.GET_GOAWAY)
            raise HandshakeFailed(printable(frame.reason) or UNSAID, printable(frame.text), by_peer=True)
        raise ProtocolError("unexpected_frame", f"{type(frame).__name__} while the handshake {self._state.value}")

    def _step(self, step: HandshakeStep) -> None:
        """The one door: look the step up, refuse it or take it."""
        after = TRANSITIONS[self._state].get(step)
        if after is None:
            text = f"{step.value} while the handshake {self._state.value}"
            if step in _BY_PEER:
                raise ProtocolError("unexpected_frame", text)
            raise RuntimeError(f"out of order: {text}")
        self._state = after

    def _fail(self, error: HandshakeFailed | ProtocolError) -> None:
        """End in FAILED, and leave in `to_send` what tells the peer why."""
        self._failure = error
        if self._state is HandshakeState.FAILED:
            return  # the peer ended it
        if error.reason != "magic":
            self._out = self._farewell(error.reason, error.text)
        self._step(HandshakeStep.FAULT)

    def _farewell(self, reason: str, text: str, records: tuple[bytes, ...] = ()) -> bytes:
        word, text = clip(reason, WORD_LIMIT), clip(text)
        late = self._state is HandshakeState.ACCEPTED
        return self._encoder.encode(GoAway(word, text) if late else Reject(word, text, records))

    def __repr__(self) -> str:
        role = "dialer" if self.dialer else "acceptor"
        return f"<Handshake {role} {self._state.value}>"


def turned_away(reason: str) -> bytes:
    """What a peer is sent that is refused before its HELLO is heard, and ours said: the reason, and no more."""
    return _PREFACE.pack(MAGIC, LOWEST_VERSION, HIGHEST_VERSION) + FrameEncoder().encode(Reject(reason, "", ()))


def why_turned_away(data: bytes) -> HandshakeFailed | None:
    """What a peer says with its preface, where it was to show something; None: not all of it is there.

    Only a REJECT is read: whoever says HELLO has no rules of its own, and has shown nothing.
    """
    body = _PREFACE.size + 4
    if len(data) < body + 2:
        return None
    size, array, kind = int.from_bytes(data[body - 4 : body], "big"), data[body], data[body + 1]
    if array & _ARRAYS != _ARRAY or kind != _REJECT or size > _MOST_REFUSED:
        return HandshakeFailed("network_policy", "this network asks for a key or a certificate, the peer's does not")
    if len(data) < body + size:
        return None
    frame = decode_body(data[body : body + size], GreetingReader().decoders)
    assert isinstance(frame, Reject)
    return HandshakeFailed(printable(frame.reason) or UNSAID, printable(frame.text), by_peer=True)


#: How the body of REJECT begins: an array of a few, as later versions may say more in it, and its kind.
_ARRAY, _ARRAYS, _REJECT = 0x90, 0xF0, 2
#: What it may have beside: a word, a text.
_MOST_REFUSED = 2048
_BY_PEER = frozenset(
    {
        HandshakeStep.GET_PREFACE,
        HandshakeStep.GET_HELLO,
        HandshakeStep.GET_WELCOME,
        HandshakeStep.GET_REJECT,
        HandshakeStep.GET_GOAWAY,
    }
)
