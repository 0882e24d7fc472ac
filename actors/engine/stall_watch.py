"""Says which handler blocks the event loop, while it does: everybody else on the loop waits for it.

It costs a message nothing: a thread looks at the loop's thread now and then. Where it finds it at work it asks the loop
for a sign of life; where none comes for `limit` seconds, it says whose code that is. It needs the interpreter for that:
what holds the interpreter itself, as some libraries in C do, it cannot see.

Whose code: what is awaited, hooks and constructors are called from frames of this room, the doors, that say for which
actor. A plain handler is called by the engine, which has no frames where it is compiled; so where no door is open, it
is that of the one actor that is at a message (`Life.holding`). Where no frame is to be seen at all, the code is
compiled: of that, the actor and the message are told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from types import CodeType, FrameType
from typing import TYPE_CHECKING, NamedTuple

import pykka

from ...native import build_name
from ..base import get_logger, keeps_another_time
from ..messages import HandlerStalled

if TYPE_CHECKING:
    from .host import Host
    from .life import Life

__all__ = ["SLOW_HANDLER", "StallWatch"]

log = get_logger("peerbus.actors")

#: Seconds for which a handler may hold the loop: a peer would be thought dead after some more of them.
SLOW_HANDLER = 0.5
#: Looks in that time: a stall is told at most half of it late. A look takes some 10 µs, but a thread that wakes makes
#: those beside it slower: with eight looks local tells were 5 to 9 % fewer on a virtual machine of two cores.
LOOKS = 2
#: Of the looks at a loop in which no frame is to be seen, one in this many asks it: that wakes a loop that is idle.
UNSEEN = 4
#: Seconds in which one handler is named once, and handlers that are remembered for that.
QUIET, REMEMBERED = 60.0, 256
#: Frames of the stack that are told, the innermost.
DEEPEST = 32
#: In the place of a line.
COMPILED_CODE = "compiled code"
#: Functions of this room that call what an actor's class or a spawned factory has, and their variables that say for
#: which actor. None of them is compiled. A test says that each is there.
DOORS = {
    "TurnTask._await": "cell",
    "TurnTask._next_awaitable": "cell",
    "Reentrant._run": "cell",
    "_await_hook": "cell",
    "call_hook": "cell",
    "hear_failure": "cell",
    "build_for": "cell",
    "ActorTasks._run": "self",
}
_OURS = os.path.dirname(__file__)
#: What stands between the loop, or a door, and the program's own code.
_ABOVE = tuple(
    os.path.dirname(each) + os.sep for each in (os.path.dirname(_OURS), str(pykka.__file__), str(asyncio.__file__))
)
#: What calls all callbacks on asyncio's own loops. On others the caller of the loop seems to do so.
_HANDLE_RUN = asyncio.Handle._run.__code__


class _Held(NamedTuple):
    """Who holds the loop."""

    bus: object
    actor: str
    message: str
    #: The handler, where no frame says it.
    handler: str
    #: The frames of the program's own code, the outermost first.
    frames: list[FrameType]


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
        #: What the loop's callbacks seem to be called by; None until one was.
        self._beneath: CodeType | None = None
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
        bus.loop.call_soon(watch._called)
        return watch

    def close(self) -> None:
        """Look no more, and wait for the thread's end, which a busy machine may put off. Idempotent."""
        self._closed.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        told, looks = False, 0
        while not self._closed.wait(self._limit / LOOKS) and not self._loop.is_closed():
            if self._bus.thread != self._of:  # it has ended, and another may have its identifier
                return
            asked, looks = self._asked, looks + 1
            if asked is None:
                told = False
                at_work = self._at_work(sys._current_frames().get(self._of))
                if at_work or (at_work is None and not looks % UNSEEN):
                    self._asked = time.monotonic()
                    with contextlib.suppress(RuntimeError):  # it has closed meanwhile
                        self._loop.call_soon_threadsafe(self._called)
            elif not told and time.monotonic() - asked >= self._limit:
                told = self._look(sys._current_frames().get(self._of), time.monotonic() - asked)

    def _called(self) -> None:
        # On the loop: what is beneath this call is beneath all of them.
        beneath = sys._getframe().f_back
        self._beneath = None if beneath is None else beneath.f_code
        self._alive()

    def _alive(self) -> None:
        self._asked = None

    def _at_work(self, frame: FrameType | None) -> bool | None:
        """The loop runs something at this moment, and does not wait. None: nothing in Python, and more is not seen."""
        innermost = None if frame is None else frame.f_code
        while frame is not None:
            if frame.f_code is self._beneath:
                if self._beneath is _HANDLE_RUN or self._beneath is not innermost:
                    return True
                return None if build_name() == "native" else False
            frame = frame.f_back
        return False

    def _look(self, frame: FrameType | None, seconds: float) -> bool:
        """Name what holds the loop, if that is an actor of this bus. False: something else does at this moment."""
        held = self._held(frame)
        if held is None:
            return False
        if held.bus is not self._bus:
            return True  # another bus on this loop says so
        frames = held.frames
        handler = frames[0].f_code.co_qualname if frames else held.handler
        if not handler:
            return False
        key, now = (held.actor, handler), time.monotonic()
        if now - self._told.get(key, -QUIET) >= QUIET:
            if len(self._told) >= REMEMBERED:
                self._told.clear()
            self._told[key] = now
            stack = tuple(f"{each.f_code.co_filename}:{each.f_lineno} {each.f_code.co_qualname}" for each in frames)
            event = HandlerStalled(held.actor, handler, held.message, round(seconds, 2), stack[-DEEPEST:])
            self._bus.publish(event)
            log.warning(
                "a handler blocks the event loop",
                node=self._bus.name,
                actor=event.actor,
                handler=handler,
                message=event.message,
                seconds=event.seconds,
                at=f"{frames[-1].f_code.co_filename}:{frames[-1].f_lineno}" if frames else COMPILED_CODE,
                instead='await self.run_blocking(…), or dispatcher = "thread"',
            )
        return True

    def _held(self, frame: FrameType | None) -> _Held | None:
        """Who holds the loop whose thread has this frame, the innermost; None: no actor that this watch could name."""
        inner: list[FrameType] = []
        while frame is not None and frame.f_code is not self._beneath:
            code = frame.f_code
            if code.co_qualname in DOORS and os.path.dirname(code.co_filename) == _OURS:
                return _Held(*_whom(frame), "", _programs(inner))
            inner.append(frame)
            frame = frame.f_back
        if frame is None:  # the loop does not run, or nothing is known of it yet
            return None
        for cell in self._bus.actors.running():
            envelope = cell.holding()
            if envelope is not None:
                message = type(envelope.message).__name__
                return _Held(self._bus, str(cell), message, _handler_of(cell, envelope.message), _programs(inner))
        return None


def _programs(inner: list[FrameType]) -> list[FrameType]:
    """Of frames, the innermost first, those from the program's own code on, the outermost first."""
    frames = inner[::-1]
    ours = (at for at, each in enumerate(frames) if not each.f_code.co_filename.startswith(_ABOVE))
    return frames[next(ours, len(frames)) :]


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


def _handler_of(cell: Life, message: object) -> str:
    """What handles that message, by name."""
    handler = cell.handlers.get(type(message))
    name = f"{cell.actor_class.__qualname__}.on_receive"
    return name if handler is None else str(getattr(handler[0], "__qualname__", name))
