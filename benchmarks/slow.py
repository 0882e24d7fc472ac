"""What happens behind a slow receiver: the sender offers as fast as it can, the receiver takes its time, then recovers.

Three phases: FAST, in which the receiver is as fast as it can be; then as long as the run says, in which each message
takes it `delay`; then RECOVERED. The sender sends through all three, and the orders to the receiver go beside the
product (see tally), so that none waits behind a backlog. What was lost is what was sent, told nobody of a failure and
had not been handled when the receiver had been at rest for REST.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, sleep

from .client import AsksBeside, Client
from .machine import resident_bytes
from .messages import SMALL
from .processes import CaseFailed, served
from .products import PRODUCTS
from .run import Run
from .timing import Until, percentiles

__all__ = ["DELAYS", "SIZES", "Phases", "Receiver", "Sample", "figures", "observed", "recovery"]

#: Seconds that a message takes the receiver, and bytes of a message.
DELAYS = (0.0001, 0.001, 0.02)
SIZES = (1 << 10, 64 << 10)
#: Seconds before the receiver is slow, and after; the first give the rate that it must come back to.
FAST = 1.0
RECOVERED = 2.0
#: Part of the first rate at which a receiver has recovered.
BACK = 0.8
#: Seconds between two samples; recovery is known to this.
INTERVAL = 0.1
#: Seconds without another message after which no more will come, and how long to wait for that at most.
REST = 1.0
PATIENCE = 15.0
#: Growth of one process at which the sender is stopped: the answer is known by then, and the machine has to live on.
MEMORY_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Receiver:
    """How to steer and watch one: give it an order and learn its count; which process it is."""

    order: Callable[[str], int]
    pid: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the start, messages handled, resident bytes of each process."""

    time: float
    count: int
    memory: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phases:
    """When the receiver gets slow, when it recovers, when all ends; seconds since the start."""

    slow: float
    recovered: float
    end: float

    @classmethod
    def of(cls, seconds: float) -> Phases:
        """`seconds` of being slow; what stands around it is shorter only where that is."""
        slow = min(FAST, seconds)
        return cls(slow, slow + seconds, slow + seconds + min(RECOVERED, 2 * seconds))


@dataclass(slots=True)
class _Watch:
    """A thread of the sender's process: slows the receiver down and lets it recover, samples, stops what explodes."""

    receiver: Receiver
    pids: tuple[int, ...]
    delay: float
    phases: Phases
    until: Until
    samples: list[Sample] = field(default_factory=list)
    stopped: float | None = None
    error: Exception | None = None

    def run(self) -> None:
        """Until the last phase is over, or the sender was stopped."""
        try:
            self._run()
        except (CaseFailed, OSError) as error:
            self.error = error
            self.until.stop()

    def _run(self) -> None:
        orders = [(self.phases.slow, f"pace {self.delay}"), (self.phases.recovered, "pace 0")]
        start = perf_counter()
        idle: tuple[int, ...] | None = None
        while not self.until.over():
            now = perf_counter() - start
            order = orders.pop(0)[1] if orders and now >= orders[0][0] else "count"
            count = self.receiver.order(order)
            memory = tuple(resident_bytes(pid) for pid in self.pids)
            idle = idle or memory
            self.samples.append(Sample(now, count, memory))
            if any(bytes_now - before > MEMORY_LIMIT for bytes_now, before in zip(memory, idle, strict=True)):
                self.stopped = now
                self.until.stop()
            sleep(INTERVAL)


def figures(product: str, delay: float, size: int, run: Run) -> Mapping[str, float]:
    """Behind a receiver of that product that takes `delay` seconds for a message of `size` bytes."""
    with served(product, run) as server, PRODUCTS[product].joined(run, server) as client:
        return observed(client, Receiver(server.order, server.pid), delay, size, run)


def observed(client: Client, receiver: Receiver, delay: float, size: int, run: Run) -> dict[str, float]:
    """The three phases, and what they say."""
    phases = Phases.of(run.seconds)
    client.ask(SMALL, Until(run.warm_up))
    found: dict[str, float] = {}
    if isinstance(client, AsksBeside):
        found |= {f"quiet {name}": value for name, value in percentiles(client.rest(phases.slow)).items()}
    before = receiver.order("count")
    until = Until(phases.end)
    pids = (client.pid, receiver.pid, *client.between)
    watch = _Watch(receiver, pids, delay, phases, until)
    thread = threading.Thread(target=watch.run, name="watch")
    start = perf_counter()
    thread.start()
    offered = client.tell(bytes(size), until, 1)  # one send may take as long as everything else: look after each
    thread.join()
    if watch.error is not None:
        raise watch.error
    delivered = _at_rest(client, receiver, before + offered.sent - offered.failed) - before
    found |= {
        "sent": offered.sent,
        "failed": offered.failed,
        "delivered": delivered,
        "lost": max(0, offered.sent - offered.failed - delivered),
    }
    idle = watch.samples[0].memory
    for name, index in (("sender", 0), ("receiver", 1), ("between", 2)):
        if index < len(idle):
            found[f"{name} growth"] = max(sample.memory[index] for sample in watch.samples) - idle[index]
    if watch.stopped is not None:
        found["stopped"] = watch.stopped
    elif (seconds := recovery(watch.samples, phases.slow, phases.recovered)) is not None:
        found["recovery"] = seconds
    if isinstance(client, AsksBeside):
        slow = [taken for at, taken in client.beside if phases.slow <= at - start <= phases.recovered]
        found |= {f"beside {name}": value for name, value in percentiles(slow).items()} if slow else {}
    return found


def recovery(samples: Sequence[Sample], fast: float, recovered: float) -> float | None:
    """Seconds from `recovered` until messages are handled at BACK of the rate before `fast`; None if they never are."""
    rates = [
        (first.time, second.time, (second.count - first.count) / (second.time - first.time))
        for first, second in itertools.pairwise(samples)
    ]
    first = [rate for begin, end, rate in rates if end <= fast and begin > 0]
    if not first:
        return None
    enough = BACK * median(first)
    return next((end - recovered for begin, end, rate in rates if begin >= recovered and rate >= enough), None)


def _at_rest(client: Client, receiver: Receiver, expected: int) -> int:
    """The count when no more comes."""
    count, quiet, patience = receiver.order("pace 0"), 0.0, Until(PATIENCE)
    while count < expected and quiet < REST and not patience.over():
        client.idle(INTERVAL)
        now = receiver.order("count")
        quiet = 0.0 if now > count else quiet + INTERVAL
        count = now
    return count
