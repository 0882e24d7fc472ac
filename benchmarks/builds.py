"""The compiled build beside the same sources: processor time of a message, in fresh processes that take turns."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import process_time

from peerbus.actors import LOCAL, Address, Bus
from peerbus.native import build_name

from .load.finding import Finding, at_least, plain
from .local_peerbus import MessageMember, MessageSink
from .messages import LARGE, SMALL, Counted, HowMany, MessageData, MessageEcho, Spoken
from .processes import served
from .remote_peerbus import PeerbusClient, connected
from .run import DEADLINE, Run, installed_loops
from .timing import Until

__all__ = ["main"]

_ABOUT = """\
The compiled build beside the sources that it was made of (PEERBUS_PURE=1): how often the processor time of one Message
goes into that of the pure build, at both ends where there are two. The load of the machine moves these least. Of each
process the best of its repetitions, of each round the ratio, of the rounds the median (lowest–highest; the best time of
each build). Exit status 1 where a bound is not kept.
"""
#: What the compiled build has to be worth, in what users do most: below, it is not worth its trouble.
WORTH = 1.25
BOUND = ("local: tell", "remote: 100 B, sender", "remote: 100 B, receiver")
#: Messages of a repetition in one process, repetitions, and seconds of one between two.
MESSAGES, REPETITIONS, SECONDS = 20_000, 5, 0.4
_IN_FLIGHT = 64
#: Seconds that a process may take.
_PATIENCE = 120.0

Figures = Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks builds", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="of fresh processes (default: 5)")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case is not None:
        print(json.dumps(CASES[options.case](Run(installed_loops()[0], SECONDS))))
        return 0
    if build_name() != "native":
        print("this is not the compiled build: make bench-builds makes it", file=sys.stderr)
        return 2
    findings = [finding for case in CASES for finding in _compared(case, options.rounds)]
    for each in findings:
        verdict = {None: "", True: f"  {each.bound}  kept", False: f"  {each.bound}  BROKEN"}[each.kept]
        print(f"{each.name:<36}{each.value:>8.2f} {each.unit}{verdict}".rstrip())
    broken = sum(each.kept is False for each in findings)
    print(f"\n{broken} bounds broken" if broken else "\nall bounds kept")
    return 1 if broken else 0


def _compared(case: str, rounds: int) -> list[Finding]:
    pairs = []
    for number in range(rounds):
        print(f"{case}, round {number + 1} of {rounds}", file=sys.stderr)
        order = (False, True) if number % 2 else (True, False)
        found = {pure: _measured(case, pure=pure) for pure in order}
        pairs.append((found[True], found[False]))
    findings = []
    for name in pairs[0][0]:
        ratios = sorted(before[name] / after[name] for before, after in pairs)
        best = [min(figures[name] for figures in side) * 1e6 for side in zip(*pairs, strict=True)]
        unit = f"×   ({ratios[0]:.2f}–{ratios[-1]:.2f}; {best[0]:.2f} to {best[1]:.2f} µs)"
        made = f"{case}: {name}"
        middle = statistics.median(ratios)
        findings.append(at_least(made, middle, WORTH, unit) if made in BOUND else plain(made, middle, unit))
    return findings


def _measured(case: str, *, pure: bool) -> Figures:
    environment = {name: value for name, value in os.environ.items() if name != "PEERBUS_PURE"}
    if pure:
        environment["PEERBUS_PURE"] = "1"
    command = [sys.executable, str(Path(__file__).parent), "builds", "--case", case]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=_PATIENCE, env=environment)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _local(run: Run) -> Figures:
    """Seconds of a message in one process."""
    return run.main(_in_one_process())


async def _in_one_process() -> Figures:
    async with Bus("builds") as bus:
        to: Address[Spoken] = LOCAL / MessageSink.channel.name
        told, ref = bus.spawn(MessageSink), bus.spawn(MessageMember)
        await bus.started(told, ref)

        async def tell() -> int:
            for seq in range(MESSAGES):
                await bus.tell(to, MessageData(seq, SMALL))
            await bus.ask(to, HowMany(), reply=Counted)
            return MESSAGES

        async def tell_by_ref() -> int:
            for seq in range(MESSAGES):
                await ref.tell(MessageData(seq, SMALL))
            await bus.ask(ref, HowMany(), reply=Counted)
            return MESSAGES

        async def ask() -> int:
            for seq in range(MESSAGES // 4):
                await bus.ask(to, MessageEcho(seq, SMALL), timeout=DEADLINE)
            return MESSAGES // 4

        async def in_flight() -> int:
            asked = deque(bus.ask(to, MessageEcho(seq, SMALL), timeout=DEADLINE) for seq in range(_IN_FLIGHT))
            for seq in range(_IN_FLIGHT, MESSAGES):
                await asked.popleft()
                asked.append(bus.ask(to, MessageEcho(seq, SMALL), timeout=DEADLINE))
            await asyncio.gather(*asked)
            return MESSAGES

        async def from_a_thread() -> int:
            def work() -> None:
                for seq in range(MESSAGES):
                    bus.tell(to, MessageData(seq, SMALL)).get()
                bus.ask(to, HowMany(), reply=Counted).get()

            await asyncio.to_thread(work)
            return MESSAGES

        works: dict[str, Callable[[], Awaitable[int]]] = {
            "tell": tell,
            "tell by ref": tell_by_ref,
            "ask": ask,
            "asks, 64 in flight": in_flight,
            "tell from a thread": from_a_thread,
        }
        return {name: min([await _spent(work) for _ in range(REPETITIONS)]) for name, work in works.items()}


async def _spent(work: Callable[[], Awaitable[int]]) -> float:
    before = process_time()
    count = await work()
    return (process_time() - before) / count


def _remote(run: Run) -> Figures:
    """Seconds of a message at both ends of a connection over plain TCP."""
    figures = {}
    with served("peerbus.message", run) as server, connected(run, "peerbus.message", server) as client:
        works: dict[str, Callable[[PeerbusClient, float], int]] = {
            "100 B": lambda client, seconds: _one_way(client, SMALL, seconds),
            "64 KiB": lambda client, seconds: _one_way(client, LARGE, seconds),
            "asks, 64 in flight": lambda client, seconds: client.run(_asks(client, seconds)),
        }
        for name, work in works.items():
            work(client, run.warm_up)
            found = []
            for _ in range(REPETITIONS):
                before = _processor(os.getpid()), _processor(server.pid)
                count = work(client, run.seconds)
                after = _processor(os.getpid()), _processor(server.pid)
                found.append([(late - early) / count for late, early in zip(after, before, strict=True)])
            for side, end in enumerate(("sender", "receiver")):
                figures[f"{name}, {end}"] = min(each[side] for each in found)
    return figures


def _one_way(client: PeerbusClient, payload: bytes, seconds: float) -> int:
    before = client.count()
    sent = client.tell(payload, Until(seconds)).sent
    while client.count() - before < sent:
        client.idle(0.001)
    return sent


async def _asks(client: PeerbusClient, seconds: float) -> int:
    count, until = 0, Until(seconds)

    async def ask() -> None:
        nonlocal count
        while not until.over():
            await client.request(count, SMALL)
            count += 1

    await asyncio.gather(*(ask() for _ in range(_IN_FLIGHT)))
    return count


def _processor(pid: int) -> float:
    """Seconds of processor time that the kernel has given the threads of a process."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


CASES: Mapping[str, Callable[[Run], Figures]] = {"local": _local, "remote": _remote}
