"""The bus in one picture: two nodes, what is in each, and the way between them. Its numbers are those of the code."""

from __future__ import annotations

from peerbus.actors import Channel, Message

from .shapes import arrow, box, group, note, queue, words
from .svg import picture

__all__ = ["bus_picture"]


class _Any(Message):
    """Some message."""


#: A channel that says nothing of itself.
_PLAIN = Channel("blocks", messages=(_Any,))


def bus_picture() -> str:
    """As SVG."""
    room = f"{_PLAIN.mailbox:,} messages"
    parts = [
        group(10, 10, 380, 360, "node alice"),
        box(30, 50, 150, 56, "your program", "node.ask(…)"),
        box(210, 50, 160, 56, "reactor Cache", "self.ask(…)"),
        box(30, 150, 340, 50, "routes", "who is connected, and offers what"),
        box(30, 240, 150, 56, "a reactor here", "LOCAL / Cache"),
        queue(210, 240, 160, 56, "outbox", "by priority"),
        words(290, 330, "one connection to each peer", "small"),
        words(290, 348, "TLS 1.3, a key is a name", "small"),
        group(470, 10, 400, 360, "node bob · offers archive"),
        box(490, 240, 110, 56, "reads", "checks, decodes"),
        queue(640, 240, 210, 56, "mailbox", room),
        box(640, 130, 210, 56, "reactor Blocks", "one message at a time"),
        box(490, 50, 110, 56, "discovery", "finds peers"),
        arrow((105, 106), (105, 150)),
        arrow((290, 106), (290, 150), kind="line accent"),
        arrow((105, 200), (105, 240)),
        arrow((290, 200), (290, 240), kind="line accent"),
        arrow((370, 268), (490, 268), kind="line accent"),
        arrow((600, 268), (640, 268), kind="line accent"),
        arrow((745, 240), (745, 186), kind="line accent"),
        arrow((640, 158), (430, 158), (430, 78), (370, 78)),
        words(532, 150, "the answer, or an error", "small halo"),
        arrow((745, 296), (745, 336), (430, 336), (430, 284), (372, 284)),
        words(588, 352, "credit comes back when the reactor takes a message", "small halo"),
        words(330, 224, "ask", "small halo"),
        note(440, 400, "The same tell and ask reach a reactor here, on one named peer, or at all that offer a role.",
             "Every queue is bounded, every send has a deadline: a slow reader slows its senders down, nothing else."),
    ]  # fmt: skip
    return picture(
        "".join(parts), 880, 430, "The bus: two nodes, their reactors, and the way of an ask from one to the other"
    )
