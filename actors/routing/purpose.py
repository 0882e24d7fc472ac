"""What a message is sent for: a receiver may take it for one purpose, and not for another."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Purpose"]


class Purpose(IntEnum):
    """See the module."""

    #: Nobody answers it.
    TELL = 0
    #: Its answer is read as the message itself says: what a peer answers has to be understood here.
    ASK = 1
    #: Its answer is read as the asker says.
    ASK_AS = 2

    @classmethod
    def of_ask(cls, reply: object) -> Purpose:
        """That of an ask. `reply`: what the asker says of its answer, None: nothing."""
        return cls.ASK if reply is None else cls.ASK_AS
