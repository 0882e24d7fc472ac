"""Speeds of a candidate beside the bus's own TCP with TLS, in turn, each from one process to another."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from peerbus.actors import Channel, Message, Peer, Reactor, Request, handles
from peerbus.node import Node
from peerbus.transports import Endpoint

from .candidates import make_candidate
from .pipe import Candidate
from .serving import serve
from .trials import ACCEPTOR, DIALER, one_way, round_trip
from .verdict import Verdict

__all__ = ["LEAST_RATE", "MOST_ROUND_TRIP", "serve_for_ever", "speeds"]

#: Bytes a second that must arrive, and how many times longer an ask may take than over TCP with TLS.
LEAST_RATE: Final = 30e6
MOST_ROUND_TRIP: Final = 8.0
#: Turns of each, and seconds of each measurement.
ROUNDS, SECONDS = 3, 1.0
#: Seconds that one measurement may take.
_PATIENCE: Final = 20.0
_DOOR: Final = Path(__file__).resolve().parents[1]


async def serve_for_ever(name: str) -> None:
    """The other process: serve pipes, and where there is a carrier an actor; say where, as a line each."""
    candidate = make_candidate(name)()
    print(await candidate.listen(ACCEPTOR, serve), flush=True)
    transport = candidate.transport(ACCEPTOR)
    if transport is None:
        print("", flush=True)
        await asyncio.Event().wait()
    assert transport is not None
    place = str(Endpoint(transport.schemes[0], host="127.0.0.1"))
    async with Node("listener", identity=ACCEPTOR, transports=[transport], listen=[place], reactors=[Answers]) as node:
        print(node.endpoints[0], flush=True)
        await asyncio.Event().wait()


class Question(Message, Request[bytes]):
    """100 bytes that come back."""

    body: bytes


class Answers(Reactor):
    """Says what it is told."""

    channel = Channel("answers", messages=(Question,))

    @handles(Question)
    def answer(self, question: Question) -> bytes:
        """Says it again."""
        return question.body


class _Measured:
    """What one side of the comparison came to, a figure for each round, or why there is none."""

    def __init__(self, name: str, place: str, bus: str) -> None:
        self.name, self.place, self.bus = name, place, bus
        self.rates: list[float] = []
        self.trips: list[float] = []
        self.asks: list[float] = []
        self.failed: dict[str, str] = {}

    def round(self) -> None:
        """Measure each once; what has failed is not tried again."""
        self._try("one way", self.rates, lambda each: one_way(each, self.place, SECONDS))
        self._try("round trip", self.trips, lambda each: round_trip(each, self.place, SECONDS / 2))
        if self.bus:
            self._try("ask", self.asks, lambda each: _asks(each, self.bus))

    def _try(self, what: str, into: list[float], measure: Callable[[Candidate], Awaitable[float]]) -> None:
        if what in self.failed:
            return
        try:
            into.append(asyncio.run(_measured(self.name, measure)))
        except Exception as error:  # noqa: BLE001  # whatever a library raises, there is no figure
            self.failed[what] = f"{type(error).__name__}: {error}".partition("\n")[0][:150].rstrip(": ")


def speeds(name: str) -> list[Verdict]:
    """One way, a round trip, and an ask of the bus where there is a carrier; ranges are of rounds."""
    with _serving("tcp") as tcp, _serving(name) as other:
        reference, candidate = _Measured("tcp", *tcp), _Measured(name, *other)
        for _ in range(ROUNDS):
            reference.round()
            candidate.round()
    verdicts = [
        _fast_enough(reference.rates, candidate.rates, candidate.failed.get("one way")),
        _soon_enough("a round trip", reference.trips, candidate.trips, candidate.failed.get("round trip")),
    ]
    if candidate.bus:
        verdicts.append(_soon_enough("an ask of the bus", reference.asks, candidate.asks, candidate.failed.get("ask")))
    return verdicts


def _fast_enough(reference: list[float], rates: list[float], failed: str | None) -> Verdict:
    name = f"one way at least {LEAST_RATE / 1e6:.0f} MB/s"
    if failed is not None:
        return Verdict(name, False, failed)
    share = statistics.median(rates) / statistics.median(reference)
    figure = f"{_range(rates, 1e-6)} MB/s, {share:.2f} × TCP+TLS ({_range(reference, 1e-6)})"
    return Verdict(name, statistics.median(rates) >= LEAST_RATE, figure)


def _soon_enough(what: str, reference: list[float], times: list[float], failed: str | None) -> Verdict:
    name = f"{what} at most {MOST_ROUND_TRIP:.0f} × TCP+TLS"
    if failed is not None:
        return Verdict(name, False, failed)
    ratio = statistics.median(times) / statistics.median(reference)
    figure = f"{ratio:.1f} ×: {_range(times, 1e6)} µs ({_range(reference, 1e6)})"
    return Verdict(name, ratio <= MOST_ROUND_TRIP, figure)


def _range(values: list[float], scale: float) -> str:
    low, high = (f"{each * scale:.0f}" for each in (min(values), max(values)))
    return low if low == high else f"{low}–{high}"


async def _measured(name: str, measure: Callable[[Candidate], Awaitable[float]]) -> float:
    candidate = make_candidate(name)()
    try:
        async with asyncio.timeout(_PATIENCE):
            return await measure(candidate)
    except TimeoutError:
        raise TimeoutError(f"hangs: not over after {_PATIENCE:.0f} s") from None
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(5.0):
                await candidate.aclose()


async def _asks(candidate: Candidate, bus: str) -> float:
    """Median seconds of an ask of 100 bytes, through two whole nodes."""
    transport = candidate.transport(DIALER)
    assert transport is not None
    times: list[float] = []
    async with Node("dialer", identity=DIALER, transports=[transport], peers=[bus], channels=[Answers.channel]) as node:
        to, question = Peer(ACCEPTOR.node_id) / Answers, Question(b"x" * 100)
        await node.ask(to, question, timeout=10.0, wait_for_peer=True)
        until = time.perf_counter() + SECONDS / 2
        while (now := time.perf_counter()) < until or len(times) < 20:
            await node.ask(to, question, timeout=10.0)
            times.append(time.perf_counter() - now)
    return statistics.median(times)


@contextmanager
def _serving(name: str) -> Iterator[tuple[str, str]]:
    """While entered, another process serves; where, as pipes and as a bus ('' where it is none)."""
    command = [sys.executable, str(_DOOR), "quic", name, "--serve"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
