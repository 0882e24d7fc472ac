"""The bus in one process: a reactor on the event loop, actors in numbers, an actor with a thread of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from time import perf_counter

from peerbus.actors import LOCAL, Actor, Address, Bus, Channel, Reactor, Ref, handles

from .local_pykka import ACTORS
from .machine import unique_bytes
from .messages import (
    DATACLASSES,
    MESSAGES,
    SMALL,
    Counted,
    CountsData,
    CountsMessages,
    Data,
    Echo,
    HowMany,
    Kind,
    MessageData,
    MessageEcho,
    Spoken,
)
from .run import DEADLINE, Run
from .timing import BATCH, IN_FLIGHT, Until, confirm, latencies, percentiles

__all__ = [
    "MessageSink",
    "actors",
    "alone",
    "asks",
    "crowd",
    "in_flight",
    "messages",
    "messages_of_ours",
    "tells",
    "thread",
]


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


class MessageSink(Reactor):
    """The same for Messages."""

    channel = Channel("messages", messages=(MessageData, MessageEcho, HowMany, Counted))

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @handles(MessageData)
    def take(self, data: MessageData) -> None:
        """Count it."""
        self.count += 1

    @handles(MessageEcho)
    def echo(self, echo: MessageEcho) -> MessageEcho:
        """Answer with the message itself."""
        return echo

    @handles(HowMany)
    def how_many(self, question: HowMany) -> Counted:
        """Answer with the count."""
        return Counted(self.count)


class Member(CountsData, Actor):
    """Counts, echoes; without a channel, so there may be many."""

    use_daemon_thread = True


class MessageMember(CountsMessages, Member):
    """The same for Messages."""


def messages(run: Run) -> Mapping[str, float]:
    """One reactor on the loop: tells until it confirms their count, asks, each with a deadline; from a thread too."""
    return run.main(_messages(run, Sink, Member, DATACLASSES))


def messages_of_ours(run: Run) -> Mapping[str, float]:
    """The same with Messages in place of frozen dataclasses."""
    return run.main(_messages(run, MessageSink, MessageMember, MESSAGES))


def actors(run: Run) -> Mapping[str, float]:
    """1 000 actors on the loop: started, measured in memory when each has answered once, then told in turn."""
    return run.main(_actors(run))


def alone(run: Run) -> Mapping[str, float]:
    """One reactor and no other actor: asks."""
    return run.main(_beside(run, 0))


def crowd(run: Run) -> Mapping[str, float]:
    """One reactor beside 1 000 actors that have nothing to do: asks."""
    return run.main(_beside(run, ACTORS))


def thread(run: Run) -> Mapping[str, float]:
    """An actor with a thread of its own and a bounded mailbox, told from the main thread: a Pykka program's case."""
    ref = Member.start()
    _tell_blocking(ref, run.warm_up)
    figures = {"tell": _tell_blocking(ref, run.seconds)}
    _ask_blocking(ref, run.warm_up)
    for name, value in percentiles(_ask_blocking(ref, run.seconds)).items():
        figures[f"ask {name}"] = value
    ref.stop()
    return figures


async def _messages(run: Run, sink: type[Sink | MessageSink], member: type[Member], kind: Kind) -> dict[str, float]:
    async with Bus("bench") as bus:
        to: Address[Spoken] = LOCAL / sink.channel.name
        told, ref = bus.spawn(sink), bus.spawn(member)
        await bus.started(told, ref)
        await tells(bus, to, kind, run.warm_up)
        figures = {"tell": await tells(bus, to, kind, run.seconds)}
        await _tell_many(bus, to, kind, run.warm_up)
        figures["tell_many"] = await _tell_many(bus, to, kind, run.seconds)
        await _tell_ref(bus, ref, kind, run.warm_up)
        figures["tell by ref"] = await _tell_ref(bus, ref, kind, run.seconds)
        await asks(bus, to, kind, run.warm_up)
        for name, value in percentiles(await asks(bus, to, kind, run.seconds)).items():
            figures[f"ask {name}"] = value
        await in_flight(bus, to, kind, run.warm_up)
        figures["ask in flight"] = await in_flight(bus, to, kind, run.seconds)
        await asyncio.to_thread(_tell_from_thread, bus, to, kind, run.warm_up)
        figures["tell from a thread"] = await asyncio.to_thread(_tell_from_thread, bus, to, kind, run.seconds)
        for name, value in percentiles(await asyncio.to_thread(_ask_from_thread, bus, to, kind, run.seconds)).items():
            figures[f"ask from a thread {name}"] = value
        return figures


async def tells(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> float:
    """One-way messages a second, confirmed."""
    data = kind.data
    before, sent = (await bus.ask(to, HowMany(), reply=Counted)).count, 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            await bus.tell(to, data(seq, SMALL))
        sent += BATCH
    counted = await bus.ask(to, HowMany(), reply=Counted)
    confirm(counted.count - before, sent)
    return sent / (perf_counter() - start)


async def _tell_many(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> float:
    data = kind.data
    before, sent = (await bus.ask(to, HowMany(), reply=Counted)).count, 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        sent += await bus.tell_many(to, [data(seq, SMALL) for seq in range(sent, sent + BATCH)])
    counted = await bus.ask(to, HowMany(), reply=Counted)
    confirm(counted.count - before, sent)
    return sent / (perf_counter() - start)


async def _tell_ref(bus: Bus, ref: Ref[Member], kind: Kind, seconds: float) -> float:
    data = kind.data
    before, sent = await _counts(bus, [ref]), 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            await ref.tell(data(seq, SMALL))
        sent += BATCH
    confirm(await _counts(bus, [ref]) - before, sent)
    return sent / (perf_counter() - start)


async def _tell_in_turn(bus: Bus, refs: list[Ref[Member]], seconds: float) -> float:
    before, sent = await _counts(bus, refs), 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            await refs[seq % ACTORS].tell(Data(seq, SMALL))
        sent += BATCH
    confirm(await _counts(bus, refs) - before, sent)
    return sent / (perf_counter() - start)


async def asks(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> list[float]:
    """Seconds that each ask took."""
    echo = kind.echo
    return await latencies(lambda seq: bus.ask(to, echo(seq, SMALL), timeout=DEADLINE), Until(seconds))


async def in_flight(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> float:
    """Asks a second, some always under way."""
    echo = kind.echo
    start, until = perf_counter(), Until(seconds)
    number = IN_FLIGHT
    answers = deque(bus.ask(to, echo(seq, SMALL), timeout=DEADLINE) for seq in range(IN_FLIGHT))
    while not until.over():
        for seq in range(number, number + BATCH):
            await answers.popleft()
            answers.append(bus.ask(to, echo(seq, SMALL), timeout=DEADLINE))
        number += BATCH
    for answer in answers:
        await answer
    return number / (perf_counter() - start)


def _tell_from_thread(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> float:
    data = kind.data
    before, sent = bus.ask(to, HowMany(), reply=Counted).get().count, 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            bus.tell(to, data(seq, SMALL)).get()
        sent += BATCH
    confirm(bus.ask(to, HowMany(), reply=Counted).get().count - before, sent)
    return sent / (perf_counter() - start)


def _ask_from_thread(bus: Bus, to: Address[Spoken], kind: Kind, seconds: float) -> list[float]:
    echo = kind.echo
    times: list[float] = []
    until = Until(seconds)
    while not until.over():
        start = perf_counter()
        bus.ask(to, echo(len(times), SMALL), timeout=DEADLINE).get()
        times.append(perf_counter() - start)
    return times


async def _actors(run: Run) -> dict[str, float]:
    async with Bus("bench") as bus:
        await _counts(bus, [bus.spawn(Member) for _ in range(10)])
        memory = unique_bytes()
        start = perf_counter()
        refs = [bus.spawn(Member) for _ in range(ACTORS)]
        await bus.started(*refs)
        figures = {"spawn": ACTORS / (perf_counter() - start)}
        await _counts(bus, refs)
        figures["memory"] = (unique_bytes() - memory) / ACTORS
        await _tell_in_turn(bus, refs, run.warm_up)
        figures["tell in turn"] = await _tell_in_turn(bus, refs, run.seconds)
        return figures


async def _beside(run: Run, idle: int) -> dict[str, float]:
    async with Bus("bench") as bus:
        await bus.started(bus.spawn(Sink))
        await _counts(bus, [bus.spawn(Member) for _ in range(idle)])
        to: Address[Spoken] = LOCAL / Sink.channel.name
        await asks(bus, to, DATACLASSES, run.warm_up)
        times = await asks(bus, to, DATACLASSES, run.seconds)
        return {f"ask {name}": value for name, value in percentiles(times).items()}


async def _counts(bus: Bus, refs: list[Ref[Member]]) -> int:
    answers = [bus.ask(ref, HowMany(), reply=Counted) for ref in refs]
    return sum([(await answer).count for answer in answers])


def _tell_blocking(ref: Ref[Member], seconds: float) -> float:
    before, sent = ref.ask(HowMany()).count, 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            ref.tell(Data(seq, SMALL))
        sent += BATCH
    confirm(ref.ask(HowMany()).count - before, sent)
    return sent / (perf_counter() - start)


def _ask_blocking(ref: Ref[Member], seconds: float) -> list[float]:
    times: list[float] = []
    until = Until(seconds)
    while not until.over():
        start = perf_counter()
        ref.ask(Echo(len(times), SMALL), timeout=DEADLINE)
        times.append(perf_counter() - start)
    return times
