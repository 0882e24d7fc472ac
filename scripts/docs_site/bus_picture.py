"""The bus in one picture: two nodes, what is in each, and the way between them. Its numbers are those of the code."""

from __future__ import annotations

from peerbus.actors import Channel, Message

from .shapes import arrow, box, group, note, queue, words
from .svg import picture

__all__ = ["bus_picture", "narrow_bus_picture"]


class _Any(Message):
    """Some message."""


#: A channel that says nothing of itself.
_PLAIN = Channel("blocks", messages=(_Any,))


_ROOM = f"{_PLAIN.mailbox:,} messages"
_TITLE = "The bus: two nodes, their reactors, and the way of an ask from one to the other"


def narrow_bus_picture() -> str:
    """The same for a narrow page, as SVG: one node below the other."""
    parts = [
        group(5, 5, 350, 340, "node alice"),
        box(20, 42, 150, 56, "your program", "node.ask(…)"),
        box(190, 42, 150, 56, "reactor Cache", "self.ask(…)"),
        box(20, 138, 320, 50, "routes", "who is connected, and offers what"),
        box(20, 228, 145, 56, "a reactor here", "LOCAL / Cache"),
        queue(195, 228, 145, 56, "outbox", "by priority"),
        words(92, 303, "one connection to", "small"),
        words(92, 318, "each peer, by TLS 1.3:", "small"),
        words(92, 333, "a key is a name", "small"),
        group(5, 395, 350, 320, "node bob · archive"),
        box(20, 435, 125, 56, "discovery", "finds peers"),
        box(195, 435, 145, 56, "reads", "checks, decodes"),
        queue(195, 531, 145, 56, "mailbox", _ROOM),
        box(195, 640, 145, 56, "reactor Blocks", "one at a time"),
        arrow((95, 98), (95, 138)),
        arrow((265, 98), (265, 138), kind="line accent"),
        arrow((95, 188), (95, 228)),
        arrow((265, 188), (265, 228), kind="line accent"),
        arrow((265, 284), (265, 435), kind="line accent"),
        arrow((265, 491), (265, 531), kind="line accent"),
        arrow((265, 587), (265, 640), kind="line accent"),
        arrow((340, 668), (348, 668), (348, 70), (341, 70)),
        arrow((195, 559), (180, 559), (180, 256), (194, 256)),
        words(308, 362, "the answer,", "small halo"),
        words(308, 378, "or an error", "small halo"),
        words(284, 210, "ask", "small halo"),
        words(90, 570, "credit comes back", "small"),
        words(90, 586, "when the reactor", "small"),
        words(90, 602, "takes a message", "small"),
        note(
            180, 742, "The same tell and ask reach a reactor here,", "on one named peer, or at all that offer a role.",
            "Every queue is bounded, every send has a deadline:", "a slow reader slows its senders down, nothing else.",
        ),
    ]  # fmt: skip
    return picture("".join(parts), 360, 805, _TITLE)


def bus_picture() -> str:
    """As SVG."""
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
        queue(640, 240, 210, 56, "mailbox", _ROOM),
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
    return picture("".join(parts), 880, 430, _TITLE)
