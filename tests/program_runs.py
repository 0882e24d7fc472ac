"""Runs a random program on one bus or on two nodes, in simulated time, and looks whether the laws of `stories` hold."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Any

import pykka
from players import DOS, player_class
from programs import NAMES, Burst, Close, Fault, Many, Part, Pause, Program, Send, Spawn, Stop, shrunk
from stories import ROLE, Story
from told_sends import Place, Sent, SentMany

from peerbus.actors import Bus, Capability, DeadLetter, PeerbusError, SendError
from peerbus.actors.router import Router
from peerbus.discovery import PeerOptions
from peerbus.testing import Simulation
from peerbus.transports.sending.link import PeerLink

__all__ = ["LawBroken", "check", "fault", "run"]

OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=2.0, max_retry_persistent=2.0)
#: Seconds of virtual time after which everything that a program began has come to its end.
AFTERWARDS = 12.0

#: Events of a loop after which a program is one that never comes to rest: the longest take a tenth of it.
MOST_EVENTS = 200_000


class LawBroken(AssertionError):
    """A law does not hold."""


def check(program: Program) -> None:
    """Run a program; raises LawBroken with a smaller one that fails as well."""
    error = fault(program)
    if error is None:
        return
    kind = _kind(error)
    smaller = shrunk(program, lambda candidate: (found := fault(candidate)) is not None and _kind(found) == kind)
    last = fault(smaller)
    assert last is not None
    raise LawBroken(
        f"{last}\n\nThe program, as small as it could be made; it runs by `program_runs.run`:\n{smaller}"
    ) from last


def _kind(error: BaseException) -> str:
    """What stays the same while a program is shrunk."""
    return f"{type(error).__name__} {str(error)[:5]}" if isinstance(error, LawBroken) else type(error).__name__


def fault(program: Program) -> Exception | None:
    """What is wrong with a run."""
    try:
        run(program)
    except Exception as error:  # noqa: BLE001  # also what the simulation finds
        return error
    return None


def run(program: Program) -> Story:
    """Run a program once; returns what happened. Raises LawBroken, and what `Simulation.run` raises."""
    sim = Simulation(seed=program.seed, trace=False)
    after_turn = sim.loop.after_turn

    def look_at_the_end() -> None:
        if after_turn is not None:
            after_turn()
        if sim.loop.events > MOST_EVENTS:
            sim.loop.fail(
                LawBroken(f"law 2: it does not come to an end, {sim.loop.events} events and {sim.time:.3f} s on")
            )

    sim.loop.after_turn = look_at_the_end
    if program.eager:
        sim.loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]  # new in 3.12
    one = _Run(sim, program)
    sim.run(one.play())
    return one.story


class _Run:
    """One run."""

    def __init__(self, sim: Simulation, program: Program) -> None:
        self.sim, self.program = sim, program
        self.story = Story(sim)
        self.tasks: list[asyncio.Task[None]] = []
        self.stops: dict[str, Any] = {}

    async def play(self) -> None:
        """From the first start to the last stop."""
        await self._set_up()
        try:
            for step in self.program.steps:
                await self._step(step)
            self.sim.network.heal()
            await self.sim.run_for(AFTERWARDS)
            await self._look()
            self._look_back()
        finally:
            await asyncio.gather(*map(self._close, self.story.places))
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self._look_at_the_end()

    # On the stage.

    async def _set_up(self) -> None:
        names = self.program.nodes
        parts = {name: Part(name) for name in NAMES} | {part.name: part for part in self.program.parts}
        channels = [player_class(part).declared_channel() for part in parts.values()]
        if len(names) == 1:
            bus = await Bus(names[0], rng=self.sim.rng_for("bus"), shutdown_timeout=2.0).__aenter__()
            bus.offer([Capability(ROLE)])
            for channel in channels:
                bus.declare(channel)
            self.story.places[names[0]] = Place(bus, bus.subscribe(DeadLetter))
            return
        self.sim.network.shape(latency=self.sim.rng.choice([0.0, 0.001, 0.02]))
        nodes = await asyncio.gather(
            *(
                self.sim.node(
                    name,
                    offers=[ROLE],
                    channels=channels,
                    options=OPTIONS,
                    heartbeat=1.0,
                    shutdown_timeout=2.0,
                )
                for name in names
            )
        )
        self.story.places = {node.name: Place(node, node.subscribe(DeadLetter)) for node in nodes}
        await self.sim.until(lambda: all(node.peers for node in nodes), within=20)

    async def _step(self, step: object) -> None:
        story = self.story
        match step:
            case Spawn(node, part):
                self._spawn(node, part)
            case Stop(node, name):
                ref = story.places[node].refs.get(name)
                if ref is not None:
                    self.stops[f"{len(self.stops)}: stop of {name} on {node} at {self.sim.time:.3f}"] = ref.stop(
                        block=False
                    )
            case Send(node, verb, to, script, timeout, how, option):
                self._await(story.send(node, verb, to, script, timeout, option=option), how)
            case Burst(node, verb, to, script, timeout, count):
                for sent in [story.send(node, verb, to, script, timeout) for _ in range(count)]:
                    self._await(sent, "now")
            case Many(node, to, script, timeout, count, kind, how):
                self._await_many(story.send_many(node, to, script, timeout, count, made=kind == "made"), how)
            case Pause(seconds):
                await self.sim.run_for(seconds)
                await self._look()
            case Fault(kind, seconds):
                if kind == "break":
                    self.sim.network.break_streams(*self.program.nodes)
                else:
                    self.sim.network.silence(*self.program.nodes)
                    self.sim.loop.call_later(seconds, self.sim.network.heal)
            case Close(node):
                self._close(node)

    def _spawn(self, node: str, part: Part) -> None:
        place = self.story.places[node]
        with contextlib.suppress(ValueError, PeerbusError):  # the name is taken, or the bus stops
            ref = place.refs[part.name] = place.door.spawn(partial(player_class(part), self.story, node))
            self.tasks.append(asyncio.ensure_future(place.bus.started(ref)))

    def _await(self, sent: Sent, how: str) -> None:
        kind, _, seconds = how.partition(" ")
        if kind == "drop":
            sent.drop()
            return

        async def end() -> None:
            if kind == "late":
                await asyncio.sleep(float(seconds))
            await self.story.end(sent)

        # One of a role's is asked anew for each who awaits, where it is gone.
        if kind == "twice":
            self.tasks.append(asyncio.ensure_future(self.story.end_again(sent, sent.outcome)))
        task = asyncio.ensure_future(end())
        self.tasks.append(task)
        if kind == "cancel":
            self.sim.loop.call_later(float(seconds), task.cancel)

    def _await_many(self, sent: SentMany, how: str) -> None:
        kind, _, seconds = how.partition(" ")
        if kind == "drop":
            sent.drop()
            return

        async def end() -> None:
            if kind == "late":
                await asyncio.sleep(float(seconds))
            await self.story.end_many(sent)

        task = asyncio.ensure_future(end())
        self.tasks.append(task)
        if kind == "cancel":
            self.sim.loop.call_later(float(seconds), task.cancel)

    def _close(self, node: str) -> asyncio.Task[None]:
        place = self.story.places[node]
        if place.closing is None:
            place.closing = asyncio.ensure_future(place.door.aclose())
        return place.closing

    # The laws.

    async def _look(self) -> None:
        """At a quiet moment."""
        await self.sim.quiet()
        story = self.story
        for name, place in story.places.items():
            self._hear(name)
            for actor in place.bus.statistics().actors:
                cell = place.bus.cell(actor)
                assert cell is not None
                overlooked = cell.mailbox.overlooked(held=cell.held)
                self._claim(not overlooked, f"law 1: {cell!r} on {name}: {overlooked}")
            for waits in (place.bus.router._cell.actor, *place.bus.routes.peers.values()):
                assert isinstance(waits, Router | PeerLink | None)  # None: the bus has stopped
                found = waits.lanes if isinstance(waits, PeerLink) else waits
                overlooked = None if found is None else found.overlooked()
                self._claim(not overlooked, f"law 1: {name}: {overlooked}")
            ledger = place.bus.ledger()
            self._claim(ledger.balanced, f"law 3: the ledger of {name} does not add up: {ledger}")
        for sent in story.sends.values():
            if sent.awaited is not None and sent.ended is None:
                self._claim(self.sim.time <= sent.due, f"law 2: {sent} has not ended at {self.sim.time:.3f}")
        if story.broken:
            raise LawBroken("\n".join(story.broken))

    def _hear(self, node: str) -> None:
        place = self.story.places[node]
        self._claim(not place.letters.missed, "too many dead letters for this test")
        for letter in iter(place.letters.get_nowait, None):
            if isinstance(letter.message, DOS):
                self.story.dead.setdefault((node, letter.message.number), []).append(letter.reason)

    def _look_back(self) -> None:
        """When all has come to its end, and before anything is closed by this test."""
        story = self.story
        for sent in story.sends.values():
            self._claim(sent.awaited is None or sent.ended is not None, f"law 2: {sent} never ended")
            letters = story.dead.get((sent.node, sent.number), [])
            once = len(letters) <= 1 or sent.again or sent.number in story.asides
            self._claim(once, f"law 7: {sent} is several dead letters: {letters}")
            if sent.local and not story.places[sent.node].bus.closing:  # one that has stopped publishes nothing more
                handled = sent.number in story.begun
                if sent.verb == "tell" and not sent.failed and not handled:
                    self._claim(letters, f"law 7: {sent} was accepted, and neither handled nor a dead letter")
                if isinstance(sent.result, SendError) and not handled:
                    self._claim(letters, f"law 7: {sent} failed with {sent.result!r}, and is no dead letter")
        for sent, result in story.twice:
            same = type(result) is type(sent.result)
            self._claim(same, f"law 2: {sent}, awaited twice, ended with {sent.result!r} and with {result!r}")
        for task in self.tasks:
            self._claim(task.done(), f"law 2: {task!r} never ended")
        for what, stop in self.stops.items():
            self._claim(stop.done(), f"law 2: the {what} never ended")
        self._look_at_watches()
        self._look_at_ledgers()

    def _look_at_watches(self) -> None:
        cells = {}
        for place in self.story.places.values():
            for name in place.bus.statistics().actors:
                cell = place.bus.cell(name)
                assert cell is not None
                cells[cell.urn] = cell
        for (watcher, address), watches in self.story.watched.items():
            if watcher in cells and not cells[watcher].bus.closing:  # type: ignore[union-attr]  # it has one
                for watch in watches:
                    heard = not address.startswith("bus://local/") or watch.target in cells
                    self._claim(heard, f"law 4: {cells[watcher]} never heard of the end of {address}")

    def _look_at_ledgers(self) -> None:
        for name, place in self.story.places.items():
            for actor, box in place.bus.statistics().actors.items():
                cell = place.bus.cell(actor)
                assert cell is not None
                self._claim(box.waiting == 0, f"law 2: somebody still waits for room in {actor} on {name}: {box}")
                if cell.state.value == "running":
                    self._claim(box.queued == 0, f"law 1: {actor} on {name} leaves messages unhandled: {box}, {cell!r}")

    def _look_at_the_end(self) -> None:
        for name, place in self.story.places.items():
            self._hear(name)
            left = place.bus.statistics().actors
            self._claim(not left, f"law 5: {name} has stopped, and there are still {left}")
            ledger = place.bus.ledger()
            self._claim(ledger.balanced, f"law 3: the ledger of {name} does not add up at its end: {ledger}")
            pending = {
                channel: account
                for side in (ledger.local, ledger.remote, ledger.astray)
                for channel, account in side.items()
                if account.pending
            }
            self._claim(not pending, f"law 3: {name} has stopped, and there is pending {pending}")
        self._claim(not pykka.ActorRegistry.get_all(), f"law 5: registered are {pykka.ActorRegistry.get_all()}")
        if self.story.broken:
            raise LawBroken("\n".join(self.story.broken))

    def _claim(self, holds: object, law: str) -> None:
        if not holds:
            raise LawBroken(law)
