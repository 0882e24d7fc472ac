"""Whole nodes in one process, on a clock of their own, over a network that one can break: all from one seed.

sim = Simulation(seed=7)

async def scenario() -> None:
    alice = await sim.node("alice", reactors=[Blocks], offers={"archive"})
    bob = await sim.node("bob")
    await sim.until(lambda: bob.peers, within=5)
    sim.network.partition({"alice"}, {"bob"})
    await sim.run_for(60)

sim.run(scenario())
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar, Unpack

from ...actors.base import spelled
from ...node.node import Node
from .failures import LeftBehind, NotReached, SimulationFailed
from .faulty_network import FaultyNetwork, Who
from .guards import guarded
from .members import Members, NodeArguments
from .simulation_log import SimulationLog
from .trace import Trace
from .virtual_loop import VirtualLoop
from .wire_tap import WireTap

__all__ = ["NodeArguments", "Simulation"]

T = TypeVar("T")

#: Objects that Python may have frozen itself: 3.12 has 375 at its start. A program that freezes has more.
FROZEN_BY_PYTHON = 1000
#: Events between two collections of reference cycles: Python's own moments depend on what else was allocated.
COLLECT_EVERY = 50_000
#: Each time that many nodes are added, there are COLLECT_EVERY more events between two collections: these look at
#: every object, of which a node in touch with twenty others has ten thousand, and are to stay a small part of all.
NODES_PER_COLLECTION = 20


@spelled
class Simulation:
    """See the module. One simulation runs once, in the thread that made it; the trace can be read afterwards.

    `seed`: everything that is left to chance follows from it: what goes first, delays, losses, keys, jitter. `trace`:
    keep the events, for failures and for `trace.digest()`. `guard`: fail where code reaches for the real clock, a
    thread, a socket or unseeded chance.

    ```python
    async def scenario() -> None:
        alice = await sim.node("alice", reactors=[Blocks], offers={"archive"})
        bob = await sim.node("bob", channels=[Blocks.channel])
        await sim.until(lambda: bob.peers, within=10)
        assert await bob.ask(Role("archive") / Blocks, GetBlock(7)) == Block(7)

    sim = Simulation(seed=7)
    sim.run(scenario())
    ```
    """

    def __init__(self, seed: int = 0, *, trace: bool = True, guard: bool = True) -> None:
        self.seed = seed
        #: The event loop.
        self.loop: VirtualLoop = VirtualLoop(self.rng_for("order"))
        #: Chance for the scenario itself.
        self.rng: random.Random = self.rng_for("scenario")
        #: The network that the nodes are on.
        self.network: FaultyNetwork = FaultyNetwork(f"{seed}/network")
        #: What happened, the same for the same seed.
        self.trace: Trace = Trace(on=trace)
        #: What was logged, newest last.
        self.log: SimulationLog = SimulationLog(self.loop.time)
        self._guard = guard
        self._members = Members(seed, self.loop, self.network, self.trace, self.rng_for)
        self._conditions: list[tuple[Callable[[], object], asyncio.Future[None]]] = []
        self._quiet: list[asyncio.Future[None]] = []
        self._started = False
        self._collect_at = COLLECT_EVERY
        self.loop.logger_for = self.log.logger_for
        self.loop.after_turn = self._after_turn
        self.loop.set_exception_handler(self._unhandled)
        if trace:
            self.network.tap = WireTap(self.network.name_of, self._note_id)
            self.network.on_fault = self._note_id

    # What a scenario uses.

    @property
    def time(self) -> float:
        """Seconds of virtual time since the beginning."""
        return self.loop.time()

    def rng_for(self, name: str) -> random.Random:
        """Chance that is named: drawing from it shifts nothing for others. The same name begins anew."""
        return random.Random(f"{self.seed}/{name}")

    def note(self, node: str, what: str) -> None:
        """Put a line of your own into the trace."""
        self.trace.add(self.loop.time(), node, what)

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes that run, by name, in the order of their first start."""
        return self._members.alive

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run `main` to its end, then stop everything; returns what it returned.

        Raises what `main` raised, Deadlocked, EscapedSimulation, LeftBehind for a task or a timer that stays, and
        SimulationFailed for an exception that nobody took; each carries the seed, the digest and the last events.
        """
        if self._started:
            main.close()
            raise RuntimeError("a simulation runs once: make another one")
        try:
            self.loop.refuse_another("run")
        except RuntimeError:
            main.close()
            raise
        self._started = True
        try:
            with self._collected(), self._guards():
                try:
                    result = self._run(main)
                except BaseException:
                    self.trace.on = self.log.on = False  # what led to it is to be shown, not what comes of it
                    with contextlib.suppress(Exception):  # the first failure is the one to report
                        self._stop_everything()
                    self._cancel_everything()
                    raise
                self._stop_everything()
                self._check_left()
        except Exception as error:
            self._explain(error)
            raise
        finally:
            self.loop.close()
        return result

    async def node(self, name: str, *, discover: bool = True, **arguments: Unpack[NodeArguments]) -> Node:
        """Start a node on the simulated network; it is stopped at the end, or with `node.aclose()`.

        It listens at `memory://name`; `peers` are endpoints or just names. Its key follows from the seed and its
        name. `discover`: nodes of the same network find each other, as by mDNS.
        Raises ValueError for a name that is taken, and what `Node` raises.
        """
        self.loop.refuse_another("node")
        return await self._members.start(name, arguments, discover=discover)

    async def run_for(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.loop.refuse_another("run_for")
        await asyncio.sleep(seconds)

    async def until(self, condition: Callable[[], object], *, within: float) -> None:
        """Wait until `condition()` is true; it is asked after every event. `within`: seconds of virtual time.

        Raises NotReached with the last events of each node, and what `condition` raises.
        """
        self.loop.refuse_another("until")
        if condition():
            return
        reached: asyncio.Future[None] = self.loop.create_future()
        entry = (condition, reached)
        self._conditions.append(entry)
        self.loop.after_event = self._ask_conditions
        try:
            async with asyncio.timeout(within):
                await reached
        except TimeoutError:
            name = getattr(condition, "__qualname__", repr(condition))
            code = getattr(condition, "__code__", None)
            where = "" if code is None else f", line {code.co_firstlineno} of {code.co_filename.rpartition('/')[2]}"
            raise NotReached(f"not true within {within} s, at {self.time:.6f} s: {name}{where}") from None
        finally:
            with contextlib.suppress(ValueError):
                self._conditions.remove(entry)
            if not self._conditions:
                self.loop.after_event = None

    async def quiet(self, *, within: float = 60.0) -> None:
        """Wait until nothing can run at this instant and nothing is on its way: all that is left are timers.

        Raises NotReached if that does not come within `within` seconds of virtual time.
        """
        self.loop.refuse_another("quiet")
        reached: asyncio.Future[None] = self.loop.create_future()
        self._quiet.append(reached)
        self.loop.on_idle = self._idle
        try:
            async with asyncio.timeout(within):
                await reached
        except TimeoutError:
            raise NotReached(f"never quiet within {within} s, at {self.time:.6f} s") from None
        finally:
            if reached in self._quiet:
                self._quiet.remove(reached)
            if not self._quiet:
                self.loop.on_idle = None

    # Nodes that misbehave.

    def crash(self, who: Who, *, reset: bool = True) -> None:
        """Let a node vanish without a goodbye: its code does not run any more.

        `reset`: its machine lives on, so its peers' streams break and dials are refused. Otherwise peers hear
        nothing, until they lose patience. Its actors' `on_stop` runs when the simulation ends, cut off from all.
        """
        self.loop.refuse_another("crash")
        self._members.crash(who, reset=reset)

    async def restart(self, who: Who, *, keep_key: bool = True, keep_book: bool = True, reset: bool = True) -> Node:
        """Start a node anew, with the same arguments; one that runs crashes first (`reset`: see there).

        `keep_key`: with the same node id. `keep_book`: with the peer book that it had a second before.
        """
        self.loop.refuse_another("restart")
        return await self._members.restart(who, keep_key=keep_key, keep_book=keep_book, reset=reset)

    def pause(self, who: Who) -> None:
        """Stop a node's code, as SIGSTOP does: its streams stay, what arrives waits, its timers come late."""
        self.loop.refuse_another("pause")
        self._members.pause(who)

    def resume(self, who: Who) -> None:
        """Let a node that was paused go on."""
        self.loop.refuse_another("resume")
        self._members.resume(who)

    # Watching.

    def _note_id(self, node_id: str, what: str) -> None:
        self.trace.add(self.loop.time(), self.network.name_of(node_id) if len(node_id) == 64 else node_id, what)

    def _ask_conditions(self) -> None:
        for condition, reached in tuple(self._conditions):
            if not reached.done():
                try:
                    if condition():
                        reached.set_result(None)
                except Exception as error:  # noqa: BLE001  # it belongs to the scenario, which awaits it
                    reached.set_exception(error)

    def _idle(self) -> None:
        if not self.network.flying:
            for reached in self._quiet:
                if not reached.done():
                    reached.set_result(None)

    def _after_turn(self) -> None:
        if self.loop.events >= self._collect_at:
            self._collect_at = self.loop.events + COLLECT_EVERY * (1 + len(self.nodes) // NODES_PER_COLLECTION)
            gc.collect()

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        text = f"nobody took this exception: {context.get('message', '')}"
        failure = SimulationFailed(f"{text}: {error!r}" if error is not None else text)
        failure.__cause__ = error
        self.loop.fail(failure)

    # Running and stopping.

    def _run(self, main: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(self.loop.create_task(main, name="scenario"))

    @contextlib.contextmanager
    def _guards(self) -> Iterator[None]:
        if not self._guard:
            yield
            return
        with guarded(self.loop.fail):
            yield

    @contextlib.contextmanager
    def _collected(self) -> Iterator[None]:
        """Collect reference cycles at moments that the seed decides, not where Python happens to.

        What was there before is not looked at: in a large test suite that is four fifths of a simulation's time.
        """
        enabled = gc.isenabled()
        gc.disable()
        freezes = gc.get_freeze_count() <= FROZEN_BY_PYTHON
        if freezes:
            gc.freeze()
        try:
            yield
        finally:
            if freezes:
                gc.unfreeze()
            if enabled:
                gc.enable()

    def _stop_everything(self) -> None:
        self._run(self._stop())

    async def _stop(self) -> None:
        self.note("simulation", "ends")
        self.network.heal()
        await self._members.stop()
        self.trace.on = self.log.on = False
        await self._members.let_go()
        for link in self.network.links:
            link.vanish()  # what is on its way to nobody

    def _cancel_everything(self) -> None:
        """After a failure: end what is left, so that nothing of it is heard later."""

        async def cancel() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        with contextlib.suppress(Exception):
            self.loop.run_until_complete(cancel())

    def _check_left(self) -> None:
        gc.collect()
        tasks = asyncio.all_tasks(self.loop)
        timers = self.loop.pending_timers
        if tasks or timers:
            left = [self.loop.waiting()] if tasks else []
            left += [f"timer at {timer.when():.6f} s: {timer!r}" for timer in timers[:10]]
            self._cancel_everything()
            raise LeftBehind("the simulation left behind: " + "; ".join(left))

    def _explain(self, error: BaseException) -> None:
        lines = [f"simulation: seed {self.seed}, {self.time:.6f} s, {self.loop.events} events"]
        if self.trace.count:
            lines += [f"trace: {self.trace.count} events, digest {self.trace.digest()}", self.trace.timeline()]
        lines += self.log.last()
        error.add_note("\n".join(lines))
