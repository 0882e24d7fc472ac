"""What marks a message as a fact of this node, and a fact as one that stands."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["Fact", "Retained"]


class Fact:
    """A fact that is told on its own node only: a channel may declare it, and it does not travel."""

    __slots__ = ()


class Retained:
    """A fact that stands until the next one `about` the same, as a retained message of MQTT (5.0, section 3.3.1.3).

    Whatever actor subscribes to its type later, or again after a restart, is told it first.

    ```python
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Temperature(Retained):
        room: str
        degrees: float

        @property
        def about(self) -> str:
            return self.room
    ```
    """

    __slots__ = ()

    #: After this one nothing stands any more.
    clears: ClassVar[bool] = False

    @property
    def about(self) -> object:
        """What it is a fact of, among all facts that stand: something hashable."""
        raise NotImplementedError
