"""Pykka with a slow receiver: an actor in this process, whose inbox has no bound."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import perf_counter, sleep

import pykka

from .client import Offered, SyncClient
from .messages import Counted, Data, Echo, HowMany
from .run import DEADLINE, Run
from .slow import Receiver, observed
from .tally import Tally
from .timing import BATCH, Until

__all__ = ["figures"]

TALLY = Tally()


class _Sink(pykka.ThreadingActor):
    """Counts, taking its time; echoes."""

    use_daemon_thread = True

    def on_receive(self, message: object) -> object:
        """Count a Data and sleep for what it takes."""
        if isinstance(message, Data):
            TALLY.count += 1
            if TALLY.delay and (pause := TALLY.pause(perf_counter())):
                sleep(pause)
            return None
        return message if isinstance(message, Echo) else Counted(TALLY.count)


class _Client(SyncClient):
    def __init__(self, ref: pykka.ActorRef[_Sink]) -> None:
        self._ref = ref

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        sent = 0
        while not until.over():
            self._ref.tell(Data(sent, bytes(bytearray(payload))))  # as on a wire, each message has bytes of its own
            sent += 1
        return Offered(sent)

    def ask(self, payload: bytes, until: Until) -> list[float]:
        times: list[float] = []
        while not until.over():
            start = perf_counter()
            self._ref.ask(Echo(0, payload), timeout=DEADLINE)
            times.append(perf_counter() - start)
        return times

    def in_flight(self, payload: bytes, until: Until) -> float:
        raise NotImplementedError("measured in local_pykka")

    def count(self) -> int:
        counted = self._ref.ask(HowMany())
        assert isinstance(counted, Counted)
        return counted.count


def figures(product: str, delay: float, size: int, run: Run) -> Mapping[str, float]:
    """Behind a Pykka actor that takes `delay` seconds for a message of `size` bytes."""
    ref = _Sink.start()  # its thread is a daemon: what still waits there ends with the process
    return observed(_Client(ref), Receiver(_order, os.getpid()), delay, size, run)


def _order(text: str) -> int:
    if text.startswith("pace "):
        TALLY.delay = float(text.removeprefix("pace "))
    return TALLY.count
