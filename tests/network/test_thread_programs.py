"""Random programs of plain code on several threads: every call ends by its deadline, and the bus by its own.

Threads are not replayed as a simulation is, so nothing here says which outcome a call has: only that it has one, in
time, and that nothing is left. The bounds are wide, for machines that do something else as well.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import pykka
import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Directive,
    Overflow,
    Ref,
    RemoteError,
    SendError,
    Supervision,
    WouldDeadlock,
    handles,
)

#: Fewer than of simulated programs: these take real time.
seeds = pytest.mark.seeds(25)
THREADS = 4
CALLS = 12
NAMES = ("a", "b", "c")
#: Seconds that a call may take beyond its deadline.
GRACE = 5.0
SHUTDOWN = 1.0


@dataclass(frozen=True)
class Do:
    """Do this."""

    script: str


class Panic(BaseException):
    """Outside of Exception."""


class Worker(Actor):
    """Does what it is told; `seconds` that it sleeps are few."""

    supervision = Supervision(backoff=0.01, budget=50)

    def act(self, words: list[str]) -> Any:
        """One act: the outcome of what it sends, if it sends."""
        match words:
            case ["fail"]:
                raise ValueError("told to")
            case ["refuse"]:
                raise RemoteError("refused")
            case ["panic"]:
                raise Panic
            case ["stop"]:
                self.stop()
            case ["after"]:
                self.after(0.01, Do(""))
            case ["tell", name]:
                return self.tell(LOCAL / name, Do(""), timeout=0.1)
            case ["ask", name]:
                return self.ask(LOCAL / name, Do("sleep"), timeout=0.1)
        return None


class Plain(Worker):
    """With a `def` handler; on a thread it waits for what it sends."""

    @handles(Do)
    def do(self, message: Do) -> str:
        for act in filter(None, message.script.split("; ")):
            outcome = self.act(act.split())
            if type(self).dispatcher == "thread":
                if act == "sleep":
                    time.sleep(0.005)
                if outcome is not None:
                    outcome.get()
        return message.script


class Async(Worker):
    """With an `async def` handler."""

    @handles(Do)
    async def do(self, message: Do) -> str:
        for act in filter(None, message.script.split("; ")):
            outcome = self.act(act.split())
            await asyncio.sleep(0.005 if act == "sleep" else 0)
            if outcome is not None and type(self).dispatcher != "thread":
                await outcome
        return message.script


def worker(rng: Random, name: str) -> Callable[[Bus], Ref[Any]]:
    """Starts an actor of some kind."""
    base = rng.choice([Plain, Plain, Async])
    members = {
        "dispatcher": rng.choice(["loop", "thread"]),
        "overflow": rng.choice([Overflow.WAIT, Overflow.WAIT, Overflow.WAIT, *Overflow]),
        "mailbox_limit": rng.choice([1, 2, 16]),
    }
    kind: Any = type(base.__name__, (base,), {"__module__": __name__, **members})
    directive = rng.choice([Directive.RESTART, Directive.RESTART, Directive.RESUME, Directive.STOP])
    return lambda bus: bus.spawn(kind, name=name, supervision=Supervision(directive=directive, backoff=0.01))


@dataclass
class Run:
    """One program, on a bus that runs in a thread of its own."""

    rng: Random
    bus: Bus
    log: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refs: dict[str, Ref[Any]] = field(default_factory=dict)

    def call(self, rng: Random) -> tuple[str, float, Callable[[], object]]:
        """A call: what it is, the seconds that it may take, and how it is made."""
        name, timeout = rng.choice(NAMES), rng.choice([0.01, 0.05, 0.3])
        acts = ["sleep", "sleep", "fail", "refuse", "panic", "after", "tell a", "ask b", "ask c"]
        script = "; ".join(rng.choice(acts) for _ in range(rng.randrange(3)))
        to: Any = rng.choice([LOCAL / name, self.refs.get(name) or LOCAL / name])
        ref = self.refs.get(name)
        bus, message = self.bus, Do(script)
        kind = rng.choice(["ask", "ask", "tell", "tell", "burst", "ref.ask", "ref.tell", "short", "stop", "spawn"])
        what = f"{kind} {to}: {script!r} within {timeout} s"

        def burst() -> None:
            outcomes = [bus.ask(to, message, timeout=timeout) for _ in range(8)]
            for outcome in outcomes:
                try:
                    outcome.get()
                except SendError:
                    continue
                except RemoteError:
                    continue

        match kind:
            case "ask":
                return what, timeout, lambda: bus.ask(to, message, timeout=timeout).get()
            case "tell":
                return what, timeout, lambda: bus.tell(to, message, timeout=timeout).get()
            case "short":
                return what, timeout, lambda: bus.ask(to, message, timeout=5.0).get(timeout=timeout)
            case "burst":
                return what, 8 * timeout, burst
            case "ref.ask" if ref is not None:
                return what, timeout, lambda: ref.ask(message, timeout=timeout)
            case "ref.tell" if ref is not None:
                return what, timeout, lambda: ref.tell(message, timeout=timeout)
            case "stop" if ref is not None:
                return what, SHUTDOWN, lambda: ref.stop(timeout=timeout)
        # A start waits for no mailbox, only for the bus's thread.
        return what, 0.0, partial(self.spawn, rng, name)

    def spawn(self, rng: Random, name: str) -> None:
        """Start an actor, where its name is free."""
        try:
            self.refs[name] = worker(rng, name)(self.bus)
        except ValueError as taken:
            if "has an actor called" not in str(taken):
                raise

    def run(self, seed: str) -> None:
        """What one thread does."""
        rng = Random(seed)
        for _ in range(CALLS):
            what, seconds, call = self.call(rng)
            began = time.monotonic()
            try:
                result = call()
            except SendError as error:
                result = error.reason
                if not error.reason:
                    self.wrong.append(f"{what}: no reason in {error!r}")
            except (RemoteError, WouldDeadlock, pykka.Timeout, ValueError, Panic) as error:
                result = repr(error)
            except BaseException as error:  # no call may end so
                self.wrong.append(f"{what}: {error!r}")
                raise
            took = time.monotonic() - began
            self.log.append(f"{seed}: {what} took {took:.3f} s: {result}")
            if took > seconds + GRACE:
                self.wrong.append(self.log[-1])


@seeds
def test_every_call_of_every_thread_ends_in_time_and_so_does_the_bus(peerbus_seed: int) -> None:
    rng = Random(peerbus_seed)
    bus = Bus("threads", shutdown_timeout=SHUTDOWN).start()
    run = Run(rng, bus)
    for name in NAMES:
        run.spawn(rng, name)
    threads = [
        threading.Thread(target=run.run, args=(f"{peerbus_seed}/{number}",), name=f"program {number}")
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    # In half of them while they still call.
    for thread in threads[: rng.choice([1, THREADS])]:
        thread.join(GRACE * CALLS)
    began = time.monotonic()
    bus.stop()
    assert time.monotonic() - began < SHUTDOWN + GRACE
    for thread in threads:
        thread.join(GRACE * CALLS)
        assert not thread.is_alive(), run.log[-10:]
    assert not run.wrong, "\n".join([*run.wrong, "", *run.log])
    assert bus.ledger().balanced
    assert not bus.statistics().actors
    for actor in pykka.ActorRegistry.get_all():
        raise AssertionError(f"{actor} is left")
