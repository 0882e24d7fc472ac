"""How a connection ends, in tables: how far this side is, what each side has said of it, and which PINGs were answered.

Sans-IO: what happens, and `now` in seconds of the loop's clock, comes in; what is to be done is returned.
"""

# Law 1: A side that ends a connection in order says so by GOAWAY, and closes when nothing is under way.
# Law 2: A node that shuts down says so first of all, sends for the work at hand as before, and does not close before
#        the peer knows of it: so what the peer had written before is refused, and not in doubt.
# Law 3: Where another connection takes the place of this one, each side says GOAWAY a second time when nothing is under
#        way for it. A side that means to close waits for the peer's second one.
# Law 4: The messages that a successor holds back go when the peer has answered the PING behind the last one of this
#        connection. A peer that does not is taken for gone.
# Law 5: A peer that said GOAWAY closes; see `farewell` for how long it is waited for.
# Law 6: What has ended takes no step any more.

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ...actors.base import printable
from ..lanes import FIRST_TOKEN
from ..wire import WORD_LIMIT, GoAway, Ping, clip
from .commands import SHUTTING_DOWN, SUPERSEDED, Disconnect
from .farewell import Farewell, milliseconds

__all__ = [
    "GOODBYE",
    "HEARD_WITHIN",
    "LAST_WORD",
    "OVERDUE",
    "PROOFS",
    "SPOKEN",
    "PHASES",
    "Act",
    "Cut",
    "Effect",
    "Move",
    "Parting",
    "Proof",
    "Said",
    "Phase",
    "PingStep",
    "Word",
]

#: Token of the PING behind everything that a connection sends which another has taken the place of.
LAST_WORD = FIRST_TOKEN - 1
#: Seconds until such a connection, whose peer does not answer that PING, is taken for broken.
OVERDUE = 2.0
#: Token of the PING behind the GOAWAY of a node that shuts down: at its PONG the peer knows, and what it had written
#: before is here.
GOODBYE = FIRST_TOKEN - 2
#: Seconds that this PONG is waited for.
HEARD_WITHIN = 1.0


class Phase(Enum):
    """How far this side of a connection is."""

    OPEN = "open"
    """It sends, and takes new work."""
    LEAVING = "leaving"
    """Its node shuts down: it takes no new work, and sends for the work at hand."""
    PARTING = "parting"
    """It begins nothing new, and closes when nothing is under way."""
    ENDED = "ended"
    """It carries nothing any more."""


class Move(Enum):
    """What takes this side from one stage to the next."""

    SHUTDOWN = "shutdown"
    """Its node begins to shut down."""
    PART = "part"
    """It is told to end in order: by a `Disconnect`, or because its node ends."""
    END = "end"
    """Nothing is under way any more, the time is over, or the stream has ended."""


PHASES: dict[Phase, dict[Move, Phase]] = {
    Phase.OPEN: {
        Move.SHUTDOWN: Phase.LEAVING,
        Move.PART: Phase.PARTING,
        Move.END: Phase.ENDED,
    },
    Phase.LEAVING: {
        Move.PART: Phase.PARTING,
        Move.END: Phase.ENDED,
    },
    Phase.PARTING: {
        Move.END: Phase.ENDED,
    },
    Phase.ENDED: {},
}


class Said(Enum):
    """What a side has said of the end by its GOAWAYs: one for this side, one for the peer."""

    NOTHING = "nothing"
    """It has said none."""
    GOODBYE = "goodbye"
    """It will close, and may have more to send until then."""
    SUPERSEDED = "superseded"
    """Another connection takes the place of this one: what it has begun here it finishes here."""
    DONE = "done"
    """Nothing is under way for it: the other side may close."""


class Word(Enum):
    """A GOAWAY, by its reason."""

    GOODBYE = "GOAWAY"
    """With any reason but the other one's."""
    SUPERSEDED = "GOAWAY superseded"


SPOKEN: dict[Said, dict[Word, Said]] = {
    Said.NOTHING: {
        Word.GOODBYE: Said.GOODBYE,
        Word.SUPERSEDED: Said.SUPERSEDED,
    },
    Said.GOODBYE: {
        Word.GOODBYE: Said.DONE,
        Word.SUPERSEDED: Said.SUPERSEDED,
    },
    Said.SUPERSEDED: {
        Word.GOODBYE: Said.DONE,
        Word.SUPERSEDED: Said.DONE,
    },
    Said.DONE: {
        Word.GOODBYE: Said.DONE,
        Word.SUPERSEDED: Said.DONE,
    },
}


class Proof(Enum):
    """A PING whose PONG tells what the peer has read: one behind GOAWAY, one behind the last message."""

    UNSENT = "unsent"
    AWAITED = "awaited"
    KNOWN = "known"
    """The peer has read all that was written before it."""
    GIVEN_UP = "given up"
    """It did not answer in time."""


class PingStep(Enum):
    """What happens to such a PING."""

    SEND = "PING"
    ANSWER = "PONG"
    LATE = "time over"


PROOFS: dict[Proof, dict[PingStep, Proof]] = {
    Proof.UNSENT: {
        PingStep.SEND: Proof.AWAITED,
    },
    Proof.AWAITED: {
        PingStep.ANSWER: Proof.KNOWN,
        PingStep.LATE: Proof.GIVEN_UP,
    },
    Proof.KNOWN: {},
    Proof.GIVEN_UP: {},
}


class Act(Enum):
    """What is to be done, beside frames to be sent."""

    SUSPEND = "suspend"
    """Send nothing new: another link to the peer does, and senders wait for that one."""
    LEAVE = "leave"
    """This side parts: no link of the bus any more, senders that wait for credit are refused."""
    LEFT = "left"
    """The peer parts: as LEAVE."""
    TURNED_AWAY = "turned away"
    """The peer shuts down, and refuses what comes: as LEFT, and what is not written is refused as well."""
    HASTEN = "hasten"
    """Confirm what arrived as soon as it is handled."""
    ARRIVED = "arrived"
    """The peer has read all that was sent here: a successor may send."""
    SETTLED = "settled"
    """Nothing is under way any more: a side that waits to close can do so."""


@dataclass(frozen=True, slots=True)
class Cut:
    """End at once, without a word."""

    reason: str
    text: str


Effect: TypeAlias = Act | Cut | GoAway | Ping

#: What a peer's first GOAWAY of a reason does here, LEFT where the reason is another.
HEARD: dict[str, Act] = {SUPERSEDED: Act.SUSPEND, SHUTTING_DOWN: Act.TURNED_AWAY}


class Parting:
    """The end of one connection. Every method returns what is to be done, in order."""

    __slots__ = (
        "_close_at",
        "_heard_by",
        "_read_by",
        "command",
        "farewell",
        "goodbye",
        "last_word",
        "own",
        "peer",
        "phase",
    )

    def __init__(self) -> None:
        self.phase = Phase.OPEN
        #: What this side and the peer have said.
        self.own = self.peer = Said.NOTHING
        #: Whether the peer has read the GOAWAY of this side's shutdown, and the last message of a replaced connection.
        self.goodbye = self.last_word = Proof.UNSENT
        #: Why this side ends it in order, where it was told to; and what the peer's GOAWAY said.
        self.command: Disconnect | None = None
        self.farewell: Farewell | None = None
        self._heard_by = self._read_by = self._close_at = math.inf

    @property
    def superseded(self) -> bool:
        """It ends because another connection has its place: by this side's word, or, if it has none, by the peer's."""
        ending = self.command or self.farewell
        return ending is not None and ending.reason == SUPERSEDED

    @property
    def cares(self) -> bool:
        """It matters now whether anything is under way: `look` has something to decide."""
        return self.phase is Phase.PARTING or (self._owes_done and self.phase is not Phase.ENDED)

    @property
    def _owes_done(self) -> bool:
        return self.own is not Said.DONE and self.superseded

    def settled(self, *, at_rest: bool) -> bool:
        """This side may close. `at_rest`: it has nothing to send, to answer, or to hear of any more."""
        if self.phase is Phase.ENDED:
            return True
        return at_rest and self.goodbye is not Proof.AWAITED and (self.peer is Said.DONE or not self.superseded)

    # What this side does.

    def shutdown(self, within: float, now: float) -> list[Effect]:
        """Its node shuts down, and still uses the connection for `within` seconds."""
        if Move.SHUTDOWN not in PHASES[self.phase]:
            return []
        self._move(Move.SHUTDOWN)
        return self._say_goodbye(SHUTTING_DOWN, "", within, now)

    def part(self, command: Disconnect, now: float) -> list[Effect]:
        """End it in order: by `self.command`, or because the node ends."""
        if Move.PART not in PHASES[self.phase]:
            return []
        self._move(Move.PART)
        if command.reason == SUPERSEDED:
            said = [] if self.own is Said.DONE else self._say_goodbye(SUPERSEDED, command.text, command.drain, now)
            return [Act.SUSPEND, *said]
        if self.goodbye is not Proof.UNSENT:
            return [Act.LEAVE]
        return [Act.LEAVE, *self._say_goodbye(command.reason, command.text, command.drain, now)]

    def look(self, *, at_rest: bool) -> list[Effect]:
        """Something may have come to its end; `at_rest` as in `settled`."""
        effects: list[Effect] = []
        if self.phase is Phase.ENDED:
            return effects
        if at_rest and self._owes_done:
            while self.own is not Said.DONE:
                effects.append(self._say(Word.SUPERSEDED, SUPERSEDED, "", 0.0))
        if self.phase is Phase.PARTING and self.settled(at_rest=at_rest):
            effects.append(Act.SETTLED)
        return effects

    def wrote_last(self, now: float) -> list[Effect]:
        """All of it is written, and a successor waits until the peer has read it."""
        if self.last_word is not Proof.UNSENT or self.phase is Phase.ENDED:
            return []
        self.last_word = PROOFS[self.last_word][PingStep.SEND]
        self._read_by = now + OVERDUE
        return [Ping(LAST_WORD)]

    def end(self) -> bool:
        """It carries nothing any more. False: it had ended before."""
        if self.phase is Phase.ENDED:
            return False
        self._move(Move.END)
        self._heard_by = self._read_by = self._close_at = math.inf
        return True

    # What the peer does.

    def told(self, frame: GoAway, now: float, *, asks_open: bool) -> list[Effect]:
        """The peer said GOAWAY. `asks_open`: a request is open, of either side."""
        if self.phase is Phase.ENDED:
            return []
        reason = printable(frame.reason)
        self.peer = SPOKEN[self.peer][Word.SUPERSEDED if reason == SUPERSEDED else Word.GOODBYE]
        if self.peer is Said.DONE:
            return []
        self.farewell = Farewell(reason, printable(frame.text), frame.within / 1000, now)
        self._close_at = self.farewell.look(now, asks_open=asks_open)
        return [HEARD.get(reason, Act.LEFT), Act.HASTEN]

    def ponged(self, token: int) -> list[Effect]:
        """A PONG came to GOODBYE or LAST_WORD; `look` then. One that nobody asked for changes nothing."""
        if token == GOODBYE:
            self.goodbye = PROOFS[self.goodbye].get(PingStep.ANSWER, self.goodbye)
            self._heard_by = math.inf
            return []
        if self.last_word is not Proof.AWAITED:
            return []
        self.last_word = PROOFS[self.last_word][PingStep.ANSWER]
        self._read_by = math.inf
        return [Act.ARRIVED]

    def why_over(self, reason: str, text: str) -> tuple[str, str]:
        """Why it ended, where the stream did with this reason and text: what was said before says more."""
        if self.farewell is not None:
            return f"peer_{self.farewell.reason}", self.farewell.text
        if self.command is not None:
            return self.command.reason, self.command.text
        return reason, text

    # Time.

    def next_due(self) -> float:
        """When `expire` has something to do, should nothing else happen; infinity: never."""
        return min(self._heard_by, self._read_by, self._close_at)

    def expire(self, now: float, *, asks_open: bool) -> list[Effect]:
        """Time has passed; `look` then. `asks_open` as in `told`."""
        if now >= self._heard_by:
            self.goodbye = PROOFS[self.goodbye][PingStep.LATE]
            self._heard_by = math.inf
        if now >= self._read_by:
            self.last_word = PROOFS[self.last_word][PingStep.LATE]
            self._read_by = math.inf
            return [
                Cut(SUPERSEDED, f"another connection took its place, and the peer has not read it in {OVERDUE} s"),
            ]
        if now >= self._close_at:
            assert self.farewell is not None
            self._close_at = self.farewell.look(now, asks_open=asks_open)
            if now >= self._close_at:
                return [Cut("goodbye", "the peer said goodbye and did not close")]
        return []

    # Inside.

    def _move(self, move: Move) -> None:
        """The one door between stages."""
        self.phase = PHASES[self.phase][move]

    def _say_goodbye(self, reason: str, text: str, within: float, now: float) -> list[Effect]:
        """Tell the peer to send nothing new; what it has sent is confirmed from now on as soon as it can be."""
        word = Word.SUPERSEDED if reason == SUPERSEDED else Word.GOODBYE
        effects: list[Effect] = [self._say(word, reason, text, within)]
        if reason == SHUTTING_DOWN:
            self.goodbye = PROOFS[self.goodbye][PingStep.SEND]
            self._heard_by = now + HEARD_WITHIN
            effects.append(Ping(GOODBYE))
        return [*effects, Act.HASTEN]

    def _say(self, word: Word, reason: str, text: str, within: float) -> GoAway:
        self.own = SPOKEN[self.own][word]
        return GoAway(clip(reason, WORD_LIMIT), clip(text), milliseconds(within))
