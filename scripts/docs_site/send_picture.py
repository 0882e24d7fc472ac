"""One ask on its way through its queues, each with the phase in which its time can end."""

from __future__ import annotations

from .shapes import arrow, box, group, queue, words
from .svg import picture

__all__ = ["PHASES", "send_picture"]

#: Where the time of a send can end, in the order in which it passes there; what it waits for.
PHASES = (
    ("route", "somebody who offers the role"),
    ("description", "what the peer declares"),
    ("credit", "room at the receiver"),
    ("writer", "its turn on the wire"),
    ("mailbox", "its turn at the reactor"),
    ("handler", "the work itself"),
    ("reply", "the answer on its way"),
)
_SENDER, _RECEIVER = PHASES[:4], PHASES[4:6]
_HIGH, _STEP = 58, 78


def send_picture() -> str:
    """As SVG: down the sender's side, over the wire, and up the receiver's."""
    parts = [
        group(10, 10, 330, 96 + _STEP * len(_SENDER), "the sender's node"),
        box(40, 44, 270, 40, "await self.ask(…)"),
    ]
    y = 44.0 + 40
    for phase, waits in _SENDER:
        parts += [arrow((175, y), (175, y + 20), kind="line accent"), queue(40, y + 20, 270, _HIGH, phase, waits)]
        y += _STEP
    bottom = y - _STEP + 20 + _HIGH / 2
    parts.append(group(480, 10, 330, 96 + _STEP * len(_SENDER), "the receiver's node"))
    top = bottom
    parts.append(arrow((310, bottom), (510, bottom), kind="line accent"))
    parts.append(words(410, bottom - 8, "frames", "small halo"))
    for number, (phase, waits) in enumerate(_RECEIVER):
        if number:
            parts.append(arrow((645, top - _HIGH / 2), (645, top - _STEP - 10 + _HIGH / 2), kind="line accent"))
            top -= _STEP + 10
        shape = queue if phase == "mailbox" else box
        parts.append(shape(510, top - _HIGH / 2, 270, _HIGH, phase, waits))
    phase, waits = PHASES[-1]
    parts += [
        arrow((645, top - _HIGH / 2), (645, 64), (310, 64), kind="line accent"),
        words(560, 56, phase, "strong halo"),
        words(560, 82, waits, "small halo"),
        words(
            410,
            44 + 96 + _STEP * len(_SENDER) - 4,
            "the deadline travels with the message, and is spent in each of these",
            "small",
        ),
    ]
    return picture(
        "".join(parts),
        820,
        150 + _STEP * len(_SENDER),
        "The way of an ask through its queues, and the phase that a deadline names there",
    )
