"""Says which handler blocks the event loop, while it does: everybody else on the loop waits for it.

It costs a message nothing: a thread looks at the loop's thread now and then. Where it finds it in an actor's code it
asks the loop for a sign of life; where none comes for `limit` seconds, the stack says whose code that is. It needs the
interpreter for that: what holds the interpreter itself, as some libraries in C do, it cannot see.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

import pykka

from ..base import get_logger, keeps_another_time
from ..messages import HandlerStalled

if TYPE_CHECKING:
    from .host import Host

__all__ = ["SLOW_HANDLER", "StallWatch"]

log = get_logger("peerbus.actors")

#: Seconds for which a handler may hold the loop: a peer would be thought dead after some more of them.
SLOW_HANDLER = 0.5
#: Looks in that time: a stall is told at most half of it late. A look takes some 10 µs, but a thread that wakes makes
#: those beside it slower: with eight looks local tells were 5 to 9 % fewer on a virtual machine of two cores.
LOOKS = 2
#: Seconds in which one handler is named once, and handlers that are remembered for that.
QUIET, REMEMBERED = 60.0, 256
#: Frames of the stack that are told, the innermost.
DEEPEST = 32
#: Functions of this room that call what an actor's class or a spawned factory has, and their variables that say for
#: which actor. A test says that each is there.
DOORS = {
    "run_turn": "cell",
    "Cell.handle": "self",
    "TurnTask._await": "cell",
    "Reentrant._run": "cell",
    "_run_hook": "cell",
    "_run": "cell",
    "Life.build": "self",
    "Life.call_on_failure": "self",
    "ActorTasks._run": "self",
    "Spawning._build": "self",
}
_OURS = os.path.dirname(__file__)
_ABOVE = (os.path.dirname(os.path.dirname(_OURS)) + os.sep, os.path.dirname(pykka.__file__) + os.sep)


class StallWatch:
    """Thread: one, named (waits for: its next look, or `close`; feeds: the log, the event stream)."""

    def __init__(self, bus: Host, limit: float) -> None:
        self._bus = bus
        self._loop = bus.loop
        self._of = bus.thread
        self._limit = limit
        self._closed = threading.Event()
        #: When the loop was asked for a sign of life that it has not given; None while nothing is asked.
        self._asked: float | None = None
        self._told: dict[tuple[str, str], float] = {}
        self._thread = threading.Thread(target=self._run, name=f"peerbus {bus.name} stall watch", daemon=True)

    @classmethod
    def on(cls, bus: Host, limit: float | None) -> StallWatch | None:
        """Watch that bus from now on. None: not wanted, or time on its loop is virtual, or no thread is to be had."""
        if limit is None or keeps_another_time(bus.loop):
            return None
        watch = cls(bus, limit)
        try:
            watch._thread.start()
        except RuntimeError:
            return None
        return watch

    def close(self) -> None:
        """Look no more, and wait for the thread's end, which a busy machine may put off. Idempotent."""
        self._closed.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        told = False
        while not self._closed.wait(self._limit / LOOKS) and not self._loop.is_closed():
            if self._bus.thread != self._of:  # it has ended, and another may have its identifier
                return
            asked = self._asked
            if asked is None:
                told = False
                if _doors(sys._current_frames().get(self._of)):
                    self._asked = time.monotonic()
                    with contextlib.suppress(RuntimeError):  # it has closed meanwhile
                        self._loop.call_soon_threadsafe(self._alive)
            elif not told and time.monotonic() - asked >= self._limit:
                told = self._look(sys._current_frames().get(self._of), time.monotonic() - asked)

    def _alive(self) -> None:
        self._asked = None

    def _look(self, frame: FrameType | None, seconds: float) -> bool:
        """Name what holds the loop, if that is an actor of this bus. False: something else does at this moment."""
        doors = _doors(frame)
        if not doors:
            return False
        door, inner = doors[0]
        bus, actor, message = _whom(door)
        if bus is not self._bus:
            return True  # another bus on this loop says so
        while inner and inner[0].f_code.co_filename.startswith(_ABOVE):
            inner.pop(0)  # what stands between: Pykka, or ours
        if not inner:
            return False
        handler = inner[0].f_code.co_qualname
        key, now = (actor, handler), time.monotonic()
        if now - self._told.get(key, -QUIET) >= QUIET:
            if len(self._told) >= REMEMBERED:
                self._told.clear()
            self._told[key] = now
            stack = tuple(f"{each.f_code.co_filename}:{each.f_lineno} {each.f_code.co_qualname}" for each in inner)
            self._bus.publish(HandlerStalled(actor, handler, message, round(seconds, 2), stack[-DEEPEST:]))
            log.warning(
                "a handler blocks the event loop",
                node=self._bus.name,
                actor=actor,
                handler=handler,
                message=message,
                seconds=round(seconds, 2),
                at=f"{inner[-1].f_code.co_filename}:{inner[-1].f_lineno}",
                instead='await self.run_blocking(…), or dispatcher = "thread"',
            )
        return True


def _doors(frame: FrameType | None) -> list[tuple[FrameType, list[FrameType]]]:
    """Where actors' code was called from, the innermost first, each with the frames inside of it, going inwards."""
    found: list[tuple[FrameType, list[FrameType]]] = []
    inner: list[FrameType] = []
    while frame is not None:
        code = frame.f_code
        if code.co_qualname in DOORS and os.path.dirname(code.co_filename) == _OURS:
            found.append((frame, inner[::-1]))
        inner.append(frame)
        frame = frame.f_back
    return found


def _whom(door: FrameType) -> tuple[object, str, str]:
    """The bus, the actor and the type of the message for which this frame calls."""
    variables = door.f_locals
    owner = variables.get(DOORS[door.f_code.co_qualname])
    owner = getattr(owner, "_owner", owner)
    envelope = variables.get("envelope")
    message = "" if envelope is None else type(envelope.message).__name__
    cell = getattr(owner, "cell", owner)  # of a spawning, once there is one
    bus = getattr(owner, "_bus", None) or getattr(owner, "bus", None)
    return bus, str(cell or getattr(owner, "factory", owner)), message
