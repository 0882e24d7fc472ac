"""Pykka at its own best: stock `ThreadingActor`s, told and asked from the main thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import pykka

from .machine import unique_bytes
from .messages import DATACLASSES, MESSAGES, SMALL, Counted, CountsData, CountsMessages, Data, HowMany, Kind
from .run import DEADLINE, Run
from .timing import BATCH, IN_FLIGHT, Until, confirm, percentiles

__all__ = ["ACTORS", "actors", "messages", "messages_of_ours"]

#: Actors of the measurement of many; the same on both sides.
ACTORS = 1000


class Sink(CountsData, pykka.ThreadingActor):
    """Counts, echoes."""

    use_daemon_thread = True


class MessageSink(CountsMessages, Sink):
    """The same for Messages."""


def messages(run: Run) -> Mapping[str, float]:
    """One actor, a thread of its own: tells until it confirms their count, asks one by one, asks 64 in flight."""
    return _messages(Sink.start(), DATACLASSES, run)


def messages_of_ours(run: Run) -> Mapping[str, float]:
    """The same with the bus's Messages, which cost less to make."""
    return _messages(MessageSink.start(), MESSAGES, run)


def actors(run: Run) -> Mapping[str, float]:
    """1 000 actors: started, measured in memory when each has answered once, then told in turn."""
    warm = [Sink.start() for _ in range(10)]
    _counts(warm)
    memory = unique_bytes()
    start = perf_counter()
    refs = [Sink.start() for _ in range(ACTORS)]
    figures = {"spawn": ACTORS / (perf_counter() - start)}
    _counts(refs)
    figures["memory"] = (unique_bytes() - memory) / ACTORS
    _tell_in_turn(refs, run.warm_up)
    figures["tell in turn"] = _tell_in_turn(refs, run.seconds)
    pykka.ActorRegistry.stop_all()
    return figures


def _messages(ref: pykka.ActorRef[Any], kind: Kind, run: Run) -> Mapping[str, float]:
    _tell(ref, kind, run.warm_up)
    figures = {"tell": _tell(ref, kind, run.seconds)}
    _ask(ref, kind, run.warm_up)
    for name, value in percentiles(_ask(ref, kind, run.seconds)).items():
        figures[f"ask {name}"] = value
    _in_flight(ref, kind, run.warm_up)
    figures["ask in flight"] = _in_flight(ref, kind, run.seconds)
    ref.stop()
    return figures


def _tell(ref: pykka.ActorRef[Sink], kind: Kind, seconds: float) -> float:
    data = kind.data
    before, sent = _counts([ref]), 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            ref.tell(data(seq, SMALL))
        sent += BATCH
    confirm(_counts([ref]) - before, sent)
    return sent / (perf_counter() - start)


def _tell_in_turn(refs: list[pykka.ActorRef[Sink]], seconds: float) -> float:
    before, sent = _counts(refs), 0
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            refs[seq % ACTORS].tell(Data(seq, SMALL))
        sent += BATCH
    confirm(_counts(refs) - before, sent)
    return sent / (perf_counter() - start)


def _ask(ref: pykka.ActorRef[Sink], kind: Kind, seconds: float) -> list[float]:
    echo = kind.echo
    times: list[float] = []
    until = Until(seconds)
    while not until.over():
        start = perf_counter()
        ref.ask(echo(len(times), SMALL), timeout=DEADLINE)
        times.append(perf_counter() - start)
    return times


def _in_flight(ref: pykka.ActorRef[Sink], kind: Kind, seconds: float) -> float:
    echo = kind.echo
    start, until = perf_counter(), Until(seconds)
    number = IN_FLIGHT
    futures = deque(ref.ask(echo(seq, SMALL), block=False) for seq in range(IN_FLIGHT))
    while not until.over():
        for seq in range(number, number + BATCH):
            futures.popleft().get(timeout=DEADLINE)
            futures.append(ref.ask(echo(seq, SMALL), block=False))
        number += BATCH
    for future in futures:
        future.get(timeout=DEADLINE)
    return number / (perf_counter() - start)


def _counts(refs: list[pykka.ActorRef[Sink]]) -> int:
    total = 0
    for future in [ref.ask(HowMany(), block=False) for ref in refs]:
        counted = future.get()
        assert isinstance(counted, Counted)
        total += counted.count
    return total
