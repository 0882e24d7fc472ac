"""What desks ask stores."""

from __future__ import annotations

from peerbus.actors import Message, Request


class Counted(Message):
    """What a site has."""

    site: str
    bolts: int


class Count(Message, Request[Counted]):
    """How much is there?"""


class Look(Message):
    """To a desk, by itself: it is time to ask again."""
