"""The bus in one process: a reactor on the event loop, actors in numbers, an actor with a thread of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from time import perf_counter

from peerbus.actors import LOCAL, Actor, Address, Bus, Channel, Reactor, Ref, handles

from .local_pykka import ACTORS, TELLS
from .machine import unique_bytes
from .messages import SMALL, Counted, Data, Echo, HowMany, Message
from .run import DEADLINE, Run
from .timing import IN_FLIGHT, confirm, percentiles

__all__ = ["Sink", "actors", "messages", "thread"]


class Sink(Reactor):
    """Counts, echoes."""

    channel = Channel("sink", messages=(Data, Echo, HowMany, Counted))

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @handles(Data)
    def take(self, data: Data) -> None:
        """Count it."""
        self.count += 1

    @handles(Echo)
    def echo(self, echo: Echo) -> Echo:
        """Answer with the message itself."""
        return echo

    @handles(HowMany)
    def how_many(self, question: HowMany) -> Counted:
        """Answer with the count."""
        return Counted(self.count)


class Member(Actor):
    """Counts, echoes; without a channel, so there may be many."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: object) -> object:
        """Count a Data, answer an Echo with itself, a HowMany with the count."""
        if message.__class__ is Data:
            self.count += 1
            return None
        if message.__class__ is Echo:
            return message
        return Counted(self.count)


def messages(run: Run) -> Mapping[str, float]:
    """One reactor on the loop: tells until it confirms their count, asks, each with a deadline; from a thread too."""
    return run.main(_messages(run))


def actors(run: Run) -> Mapping[str, float]:
    """1 000 actors on the loop: started, measured in memory when each has answered once, then told in turn."""
    return run.main(_actors(run))


def thread(run: Run) -> Mapping[str, float]:
    """An actor with a thread of its own and a bounded mailbox, told from the main thread: a Pykka program's case."""
    ref = Member.start()
    _tell_blocking(ref, run.count(2000))
    number = run.count(TELLS)
    before = ref.ask(HowMany()).count
    start = perf_counter()
    _tell_blocking(ref, number)
    confirm(ref.ask(HowMany()).count - before, number)
    figures = {"tell": number / (perf_counter() - start)}
    times = []
    for seq in range(run.count(3000)):
        start = perf_counter()
        ref.ask(Echo(seq, SMALL), timeout=DEADLINE)
        times.append(perf_counter() - start)
    ref.stop()
    return figures | {f"ask {name}": value for name, value in percentiles(times).items()}


async def _messages(run: Run) -> dict[str, float]:
    async with Bus("bench") as bus:
        to = LOCAL / Sink
        sink = bus.spawn(Sink)
        ref = bus.spawn(Member)
        await bus.started(sink, ref)
        await _tell(bus, to, run.count(5000))
        figures = {"tell": await _tell(bus, to, run.count(TELLS))}
        figures["tell by ref"] = await _tell_ref(bus, ref, run.count(TELLS))
        for name, value in percentiles(await _ask(bus, to, run.count(10_000))).items():
            figures[f"ask {name}"] = value
        figures["ask in flight"] = await _in_flight(bus, to, run.count(40_000))
        number = run.count(TELLS)
        figures["tell from a thread"] = await asyncio.to_thread(_tell_from_thread, bus, to, sink, number)
        for name, value in percentiles(await asyncio.to_thread(_ask_from_thread, bus, to, run.count(2000))).items():
            figures[f"ask from a thread {name}"] = value
        return figures


async def _tell(bus: Bus, to: Address[Message], number: int) -> float:
    before = (await bus.ask(to, HowMany(), reply=Counted)).count
    start = perf_counter()
    for seq in range(number):
        await bus.tell(to, Data(seq, SMALL))
    counted = await bus.ask(to, HowMany(), reply=Counted)
    confirm(counted.count - before, number)
    return number / (perf_counter() - start)


async def _tell_ref(bus: Bus, ref: Ref[Member], number: int) -> float:
    start = perf_counter()
    for seq in range(number):
        await ref.tell(Data(seq, SMALL))
    counted = await bus.ask(ref, HowMany(), reply=Counted)
    confirm(counted.count, number)
    return number / (perf_counter() - start)


async def _ask(bus: Bus, to: Address[Message], number: int) -> list[float]:
    times = []
    for seq in range(number):
        start = perf_counter()
        await bus.ask(to, Echo(seq, SMALL), timeout=DEADLINE)
        times.append(perf_counter() - start)
    return times


async def _in_flight(bus: Bus, to: Address[Message], number: int) -> float:
    start = perf_counter()
    answers = deque(bus.ask(to, Echo(seq, SMALL), timeout=DEADLINE) for seq in range(IN_FLIGHT))
    for seq in range(IN_FLIGHT, number):
        await answers.popleft()
        answers.append(bus.ask(to, Echo(seq, SMALL), timeout=DEADLINE))
    for answer in answers:
        await answer
    return number / (perf_counter() - start)


def _tell_from_thread(bus: Bus, to: Address[Message], sink: Ref[Sink], number: int) -> float:
    before = sink.ask(HowMany()).count
    start = perf_counter()
    for seq in range(number):
        bus.tell(to, Data(seq, SMALL)).get()
    confirm(sink.ask(HowMany()).count - before, number)
    return number / (perf_counter() - start)


def _ask_from_thread(bus: Bus, to: Address[Message], number: int) -> list[float]:
    times = []
    for seq in range(number):
        start = perf_counter()
        bus.ask(to, Echo(seq, SMALL), timeout=DEADLINE).get()
        times.append(perf_counter() - start)
    return times


async def _actors(run: Run) -> dict[str, float]:
    async with Bus("bench") as bus:
        await _answered(bus, [bus.spawn(Member) for _ in range(10)])
        memory = unique_bytes()
        start = perf_counter()
        refs = [bus.spawn(Member) for _ in range(ACTORS)]
        await bus.started(*refs)
        figures = {"spawn": ACTORS / (perf_counter() - start)}
        await _answered(bus, refs)
        figures["memory"] = (unique_bytes() - memory) / ACTORS
        number = run.count(100_000)
        start = perf_counter()
        for seq in range(number):
            await refs[seq % ACTORS].tell(Data(seq, SMALL))
        confirm(await _answered(bus, refs), number)
        figures["tell in turn"] = number / (perf_counter() - start)
        return figures


async def _answered(bus: Bus, refs: list[Ref[Member]]) -> int:
    answers = [bus.ask(ref, HowMany(), reply=Counted) for ref in refs]
    return sum([(await answer).count for answer in answers])


def _tell_blocking(ref: Ref[Member], number: int) -> None:
    for seq in range(number):
        ref.tell(Data(seq, SMALL))
