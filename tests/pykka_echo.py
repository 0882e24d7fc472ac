"""An actor as a Pykka program writes it, under our base class."""

from __future__ import annotations

import threading
from typing import Any

from peerbus.actors import Actor, Ref

WAIT = 10.0


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


class Echo(Actor):
    """What a Pykka program's actor looks like."""

    counter = 0

    def __init__(self, hooks: list[str] | None = None) -> None:
        super().__init__()
        self.hooks = [] if hooks is None else hooks
        self.value = "field"

    def on_start(self) -> None:
        self.hooks.append("start")

    def on_stop(self) -> None:
        self.hooks.append("stop")

    def on_failure(self, *info: Any) -> None:
        assert not self.actor_ref.is_alive()
        self.hooks.append(f"failure {info[1]}")

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        if message == "thread":
            return threading.current_thread()
        if isinstance(message, threading.Event):
            return message.wait(WAIT)
        return message

    def double(self, number: int) -> int:
        return number * 2

    def fail(self) -> None:
        raise KeyError("proxy")

    def future(self) -> Any:
        return Echo.start().ask("inner", block=False)
