"""The measurements: one setting after the other, each value on a fresh simulated network, the rest as by default."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from peerbus.actors import (
    Channel,
    ChannelTuning,
    Message,
    Overflow,
    Peer,
    Reactor,
    SendError,
    handles,
)
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.streams import RECEIVE_BUFFER

__all__ = ["Burst", "Curve", "mailboxes", "overflows", "priorities", "timeouts", "windows", "windows_held"]

T = TypeVar("T")

#: Bytes of a message.
SIZE = 100
#: Seconds that the reactor takes for each, where it works.
WORK = 0.02
#: Bytes a second of the narrow link.
NARROW = 1e6
#: Bytes that the system takes before they are on the wire, where it takes few: what it has, no priority overtakes.
KERNEL = 16 << 10
#: The nodes that send.
PEERS = 8


@dataclass(frozen=True, slots=True)
class Curve:
    """What came out for each value: `name` says under which circumstances."""

    name: str
    values: tuple[float, ...]
    results: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of a burst of `sent` messages: the numbers of those that were handled, the last after `seconds`."""

    overflow: str
    sent: int
    handled: tuple[int, ...]
    seconds: float


class Job(Message):
    """Something to do. `sent`: the virtual time at which it was to be sent; `number`: the how many-th it is."""

    sent: float
    data: bytes = b""
    number: int = 0


class Work(Reactor):
    """Takes `pace` seconds for each job, and writes down how old it was when its turn came."""

    channel = Channel("work", messages=(Job,))
    pace = WORK

    def __init__(self) -> None:
        super().__init__()
        self.ages: list[float] = []
        self.numbers: list[int] = []

    @handles(Job)
    async def do(self, job: Job) -> None:
        self.ages.append(asyncio.get_running_loop().time() - job.sent)
        self.numbers.append(job.number)
        if self.pace:
            await asyncio.sleep(self.pace)


class Fast(Work):
    """Takes no time."""

    pace = 0.0


class Stuck(Work):
    """Never comes to an end."""

    pace = 1e9


class Other(Reactor):
    """Another channel of the same connection, which takes no time either."""

    channel = Channel("other", messages=(Job,))

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0

    @handles(Job)
    def take(self, _: Job) -> None:
        self.taken += 1


class Scene:
    """A node with reactors, and others that send to it; `tuning` is set of the channel `work` on all of them."""

    def __init__(self, sim: Simulation, receiver: Node, senders: list[Node]) -> None:
        self.sim = sim
        self.receiver = receiver
        self.senders = senders

    def actor(self, name: str) -> Any:
        """The reactor of that name itself."""
        cell = self.receiver.bus.cell(name)
        assert cell is not None
        return cell.actor

    def to(self, name: str) -> Any:
        """Its address."""
        return Peer(self.receiver.node_id) / name

    def job(self, size: int = SIZE) -> Job:
        """One that is sent now."""
        return Job(self.sim.time, bytes(size))

    async def pour(self, sender: Node, name: str = "work", size: int = SIZE) -> None:
        """Tell without a pause, each for as long as it takes."""
        while True:
            await sender.tell(self.to(name), self.job(size), timeout=1e6)


def staged(
    play: Callable[[Scene], Coroutine[Any, Any, T]],
    *reactors: type[Reactor],
    tuning: ChannelTuning,
    senders: int = 1,
    latency: float = 0.001,
    bandwidth: float | None = None,
    buffer: int = RECEIVE_BUFFER,
) -> T:
    """Build a scene, play it, and return what came out."""
    sim = Simulation(seed=0, trace=False)

    async def main() -> T:
        sim.network.shape(latency=latency, bandwidth=bandwidth, buffer=buffer)
        here: dict[str, ChannelTuning] = {"work": tuning}
        receiver = await sim.node("receiver", discover=False, reactors=reactors, tuning=here, shutdown_timeout=0.0)
        channels = [channel for reactor in reactors if (channel := reactor.__channel__) is not None]
        nodes = [
            await sim.node(
                f"sender{number}",
                discover=False,
                peers=["receiver"],
                channels=channels,
                tuning=here,
                shutdown_timeout=0.0,
            )
            for number in range(senders)
        ]
        await sim.until(lambda: all(node.peers for node in nodes), within=10)
        return await play(Scene(sim, receiver, nodes))

    return sim.run(main())


async def _during(scene: Scene, seconds: float, *tasks: Coroutine[Any, Any, None]) -> None:
    """Let these run for a while."""
    running = [asyncio.ensure_future(task) for task in tasks]
    await scene.sim.run_for(seconds)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def windows(values: tuple[int, ...], latencies: tuple[float, ...], seconds: float) -> list[Curve]:
    """Tells a second that arrive by the window, for some round trips; the reactor takes no time."""

    async def play(scene: Scene) -> float:
        await _during(scene, seconds, scene.pour(scene.senders[0]))
        return len(scene.actor("work").ages) / seconds

    curves = []
    for latency in latencies:
        results = [
            staged(play, Fast, tuning={"window": value}, latency=latency / 2, bandwidth=NARROW) for value in values
        ]
        curves.append(Curve(f"round trip {latency * 1000:g} ms", values, tuple(results)))
    return curves


def windows_held(values: tuple[int, ...], seconds: float) -> list[Curve]:
    """Messages that are held for a reactor which has stopped to take any, by the window."""

    async def play(scene: Scene) -> float:
        await _during(scene, seconds, *(scene.pour(sender) for sender in scene.senders))
        statistics = scene.receiver.bus.cell("work").mailbox.statistics()  # type: ignore[union-attr]  # it runs
        return float(statistics.queued + statistics.waiting)

    results = [staged(play, Stuck, tuning={"window": value}, senders=PEERS) for value in values]
    return [Curve(f"{PEERS} peers", values, tuple(results))]


def mailboxes(values: tuple[int, ...], seconds: float) -> list[Curve]:
    """Seconds that a message is old when its turn comes, by the mailbox, at twice what the reactor can do."""

    async def play(scene: Scene) -> float:
        async def send(sender: Node) -> None:
            while True:
                sender.tell(scene.to("work"), scene.job(), timeout=1e6)
                await asyncio.sleep(WORK / 2)

        await _during(scene, seconds, send(scene.senders[0]))
        ages = sorted(scene.actor("work").ages[-50:])
        return float(ages[len(ages) // 2])

    curves = []
    for overflow in (Overflow.REJECT, Overflow.DROP_OLDEST, Overflow.LATEST):
        results = [
            staged(play, Work, tuning={"mailbox": value, "window": 4096, "overflow": overflow}) for value in values
        ]
        curves.append(Curve(overflow.value, values, tuple(results)))
    return curves


def overflows(messages: int, mailbox: int) -> list[Burst]:
    """What becomes of a burst that the mailbox does not hold, by the policy."""

    async def play(scene: Scene) -> tuple[tuple[int, ...], float]:
        begin, sender = scene.sim.time, scene.senders[0]
        for number in range(messages):
            sender.tell(scene.to("work"), Job(begin, number=number), timeout=1e6)
        await scene.sim.run_for(2 * messages * WORK)
        work = scene.actor("work")
        return tuple(work.numbers), work.ages[-1]

    return [
        Burst(overflow.value, messages, *staged(play, Work, tuning={"mailbox": mailbox, "overflow": overflow}))
        for overflow in Overflow
    ]


def priorities(values: tuple[int, ...], seconds: float) -> list[Curve]:
    """The part of a full link that a channel gets, by its priority, beside one of priority 5."""

    async def play(scene: Scene) -> float:
        sender = scene.senders[0]
        await _during(scene, seconds, scene.pour(sender, "work", 1000), scene.pour(sender, "other", 1000))
        work, other = len(scene.actor("work").ages), scene.actor("other").taken
        return float(100 * work / (work + other))

    results = [
        staged(play, Fast, Other, tuning={"priority": value}, bandwidth=NARROW, buffer=KERNEL) for value in values
    ]
    share = tuple(100 * value / (value + 5) for value in values)
    return [Curve("measured", values, tuple(results)), Curve("priority / (priority + 5)", values, share)]


def timeouts(values: tuple[float, ...], seconds: float) -> list[Curve]:
    """The part that is answered of what can be served, and after how long, by the timeout, at ten times the load."""

    async def play(scene: Scene) -> tuple[float, float]:
        sender, took, start = scene.senders[0], list[float](), scene.sim.time
        last = start

        async def ask(timeout: float) -> None:
            nonlocal last
            begin = scene.sim.time
            try:
                await sender.ask(scene.to("work"), scene.job(), timeout=timeout)
            except SendError:
                return
            last = scene.sim.time
            took.append(last - begin)

        async def pour(timeout: float) -> None:
            async with asyncio.TaskGroup() as asks:
                for _ in range(int(seconds / WORK * 10)):
                    asks.create_task(ask(timeout))
                    await asyncio.sleep(WORK / 10)

        await pour(sender.bus.channels["work"].timeout)
        took.sort()
        return 100 * len(took) * WORK / (last - start), took[len(took) // 2] if took else 0.0

    found = [staged(play, Work, tuning={"timeout": value}) for value in values]
    return [
        Curve("answered, % of what can be served", values, tuple(answered for answered, _ in found)),
        Curve("seconds to an answer, half of them", values, tuple(took for _, took in found)),
    ]
