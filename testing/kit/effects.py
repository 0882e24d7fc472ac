"""What an actor does to the world, as values: what `Alone` records instead of doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...actors.messages import Address, GroupAddress

__all__ = [
    "Answered",
    "Asked",
    "Effect",
    "Failed",
    "Published",
    "Spawned",
    "Stopped",
    "TimerSet",
    "Told",
    "Unwatched",
    "Watched",
]


@dataclass(frozen=True, slots=True)
class Told:
    """It sent a message without wanting an answer. A ref stands here as its address.

    ```python
    async with Alone(Cache) as cache:
        await cache.tell(Clear())
        assert cache.sent == [Told(EVERYONE / "blocks", Forget(7))]
    ```
    """

    to: Address[Any] | GroupAddress[Any]
    message: object


@dataclass(frozen=True, slots=True)
class Asked:
    """It sent a message and wants an answer.

    ```python
    async with Alone(Cache) as cache:
        await cache.tell(Get(7))
        assert cache.sent == [Asked(LOCAL / "blocks", GetBlock(7))]
    ```
    """

    to: Address[Any] | GroupAddress[Any]
    message: object


@dataclass(frozen=True, slots=True)
class Answered:
    """It answered an ask of the test, by `value` or by raising `error`."""

    message: object
    value: object = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """It wants a `Terminated` when that actor ends."""

    target: Address[Any]


@dataclass(frozen=True, slots=True)
class Unwatched:
    """It does not want that any more."""

    target: Address[Any]


@dataclass(frozen=True, slots=True)
class TimerSet:
    """It wants `message` in `delay` seconds, and after each further `delay` where it `repeats`."""

    delay: float
    message: object
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Spawned:
    """It started a child of that name, which does not run: what is sent to it is recorded."""

    name: str


@dataclass(frozen=True, slots=True)
class Published:
    """It put a fact on the event stream."""

    event: object


@dataclass(frozen=True, slots=True)
class Failed:
    """A handler of a `tell` raised; `directive` is what its supervision decided: restart, resume, stop, escalate."""

    error: BaseException
    directive: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended for good."""

    reason: str


Effect = Told | Asked | Answered | Watched | Unwatched | TimerSet | Spawned | Published | Failed | Stopped
