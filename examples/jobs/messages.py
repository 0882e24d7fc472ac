"""What office and workers say to each other, and what each tells its own node."""

from __future__ import annotations

from peerbus.actors import Message, Request


class Render(Message, Request[str]):
    """Render a frame. Answered with who did it."""

    frame: int


class Progress(Message):
    """From a worker, while it renders."""

    frame: int
    percent: int
    worker: str


class Film(Message, Request[list[str]]):
    """Have `frames` frames rendered. Answered with who did each: a worker's name, "cancelled", or why nobody did."""

    frames: int


class Cancel(Message, Request[bool]):
    """Nobody wants this frame any more. Answered with whether there was something to cancel."""

    frame: int


class GivenUp(Message):
    """A fact on a worker's own bus: whoever asked for it does not want it any more, or is gone."""

    frame: int
    percent: int
