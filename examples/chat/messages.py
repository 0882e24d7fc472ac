"""What chats say to each other, and what keyboard and reactor of one chat say to each other."""

from __future__ import annotations

from peerbus.actors import Message, Request

#: The longest text and name that travel. A peer that sends more has its message refused.
MAX_TEXT, MAX_NAME = 1000, 24


def checked(text: str, most: int) -> None:
    """Raise ValueError for what does not belong on somebody's terminal: control characters, pages of text."""
    if not 1 <= len(text) <= most or not text.isprintable():
        raise ValueError(f"a text has 1 to {most} printable characters, not {text[:most]!r}")


# Between nodes. What a peer sends is checked when it is made anew here, so a bad one never reaches a handler.


class Hello(Message):
    """What I call myself. Whoever says it, the connection has proven; what is said is only a name."""

    name: str

    def __post_init__(self) -> None:
        checked(self.name, MAX_NAME)


class Line(Message):
    """Something said in a room."""

    room: str
    text: str

    def __post_init__(self) -> None:
        checked(self.room, MAX_NAME)
        checked(self.text, MAX_TEXT)


class Whisper(Message):
    """Something said to one."""

    text: str

    def __post_init__(self) -> None:
        checked(self.text, MAX_TEXT)


class AreYouThere(Message, Request[str]):
    """Answered with a name."""


# On a node's own bus. These are published, never sent: no channel declares them, so no peer can put words in my mouth.


class Say(Message):
    room: str
    text: str


class SayTo(Message):
    name: str
    text: str


class LookAround(Message):
    room: str


class Shown(Message):
    """A line for the screen; `note`: it is about the chat, nobody said it."""

    text: str
    note: bool = False
