"""Pykka at its own best: stock `ThreadingActor`s, told and asked from the main thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from time import perf_counter

import pykka

from .machine import unique_bytes
from .messages import SMALL, Counted, Data, Echo, HowMany
from .run import DEADLINE, Run
from .timing import IN_FLIGHT, confirm, percentiles

__all__ = ["ACTORS", "TELLS", "actors", "messages"]

#: Messages of a one-way measurement in one process, the same on every side. Pykka's two threads take a while to
#: settle: over 40 000 messages its rate varied by 2.5 within and between processes, over 200 000 by 1.3, and lower.
TELLS = 150_000
#: Actors of the measurement of many; the same on both sides.
ACTORS = 1000


class Sink(pykka.ThreadingActor):
    """Counts, echoes."""

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
    """One actor, a thread of its own: tells until it confirms their count, asks one by one, asks 64 in flight."""
    ref = Sink.start()
    _tell(ref, run.count(2000))
    number = run.count(TELLS)
    before = _count(ref)
    start = perf_counter()
    _tell(ref, number)
    confirm(_count(ref) - before, number)
    figures = {"tell": number / (perf_counter() - start)}
    for name, value in percentiles(_ask(ref, run.count(3000))).items():
        figures[f"ask {name}"] = value
    figures["ask in flight"] = _in_flight(ref, run.count(15_000))
    ref.stop()
    return figures


def actors(run: Run) -> Mapping[str, float]:
    """1 000 actors: started, measured in memory when each has answered once, then told in turn."""
    warm = [Sink.start() for _ in range(10)]
    _answered(warm)
    memory = unique_bytes()
    start = perf_counter()
    refs = [Sink.start() for _ in range(ACTORS)]
    figures = {"spawn": ACTORS / (perf_counter() - start)}
    _answered(refs)
    figures["memory"] = (unique_bytes() - memory) / ACTORS
    number = run.count(8000)
    start = perf_counter()
    for seq in range(number):
        refs[seq % ACTORS].tell(Data(seq, SMALL))
    futures = [ref.ask(HowMany(), block=False) for ref in refs]
    confirm(sum(future.get().count for future in futures), number)
    figures["tell in turn"] = number / (perf_counter() - start)
    pykka.ActorRegistry.stop_all()
    return figures


def _count(ref: pykka.ActorRef[Sink]) -> int:
    counted = ref.ask(HowMany())
    assert isinstance(counted, Counted)
    return counted.count


def _tell(ref: pykka.ActorRef[Sink], number: int) -> None:
    for seq in range(number):
        ref.tell(Data(seq, SMALL))


def _ask(ref: pykka.ActorRef[Sink], number: int) -> list[float]:
    times = []
    for seq in range(number):
        start = perf_counter()
        ref.ask(Echo(seq, SMALL), timeout=DEADLINE)
        times.append(perf_counter() - start)
    return times


def _in_flight(ref: pykka.ActorRef[Sink], number: int) -> float:
    start = perf_counter()
    futures = deque(ref.ask(Echo(seq, SMALL), block=False) for seq in range(IN_FLIGHT))
    for seq in range(IN_FLIGHT, number):
        futures.popleft().get(timeout=DEADLINE)
        futures.append(ref.ask(Echo(seq, SMALL), block=False))
    for future in futures:
        future.get(timeout=DEADLINE)
    return number / (perf_counter() - start)


def _answered(refs: list[pykka.ActorRef[Sink]]) -> None:
    for future in [ref.ask(HowMany(), block=False) for ref in refs]:
        future.get()
