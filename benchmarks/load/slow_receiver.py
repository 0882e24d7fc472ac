"""A receiver that is slower than its senders: what is lost, how late failures come, what memory it takes, and after.

Senders offer as fast as they can, each send with a deadline between 50 ms and 5 s. Afterwards the receiver's own count
is compared with what the senders were told.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from peerbus.actors import SendError

from . import receiver
from .finding import Finding, at_most, exactly, plain
from .messages import Job
from .process import child
from .receiver import BUCKET
from .resident import Peak, resident
from .sender import Account, Sender, connected, peer_of

__all__ = ["rate", "recovery", "slow_receiver"]

SENDERS = 32
#: Seconds that a sender's messages may take, sender by sender.
DEADLINES = (0.05, 0.25, 1.0, 5.0)
#: Growth of either process, in MiB.
MEMORY = 32.0
#: A failure may come this many seconds after its deadline, timers being late on a busy machine.
LATENESS = 0.1
#: Seconds in which throughput shall be back, and how much of it.
RECOVERY, RECOVERED = 1.0, 0.8
#: Seconds of full speed, before and after.
WARM_UP, AFTER = 3.0, 3.0


async def slow_receiver(pace: float, size: int, seconds: float) -> list[Finding]:
    """Let the receiver take `pace` seconds for each message of `size` bytes."""
    with child("receiver") as endpoint:
        async with connected("sender", endpoint) as node:
            sender = Sender(node, peer_of(endpoint))
            idle = await sender.report()
            mine, peak, account = resident(), Peak(), Account()
            payload = bytes(size)
            numbers = [0] * SENDERS

            await sender.pace(0.0)
            await _offer(sender, account, numbers, payload, perf_counter() + WARM_UP)
            best = rate((await sender.report()).counts[int(0.5 / BUCKET) : int(WARM_UP / BUCKET)])
            before = (await sender.idle(30.0)).handled
            sent = account.sent

            await sender.pace(pace)
            end = perf_counter() + seconds + AFTER
            offering = asyncio.ensure_future(_offer(sender, account, numbers, payload, end))
            await asyncio.sleep(seconds)
            slow = await sender.report()
            failed = sorted(account.failed.items())
            await sender.pace(0.0)
            await offering
            fast = await sender.report()
            # What the machine gives varies: back is what had been taken, or what is taken later, whichever is less.
            after = rate(fast.counts[int(1.0 / BUCKET) : int(AFTER / BUCKET)])
            last = await sender.idle(60.0)
            peak.close()
            told = account.done + sum(account.failed.values())
            return [
                plain("taken at full speed", best, "/s"),
                plain("taken while slow", (slow.handled - before) / seconds, "/s"),
                plain("sent while slow and after", account.sent - sent),
                *(plain(f"failed while slow: {reason}", number) for reason, number in failed),
                exactly("sends without an outcome", account.sent - told, 0),
                exactly("accepted and not handled", account.done - last.handled, 0),
                exactly("out of order or twice", last.disorder, 0),
                plain("latest timer of the sender's loop", peak.late, "s"),
                at_most("latest failure, beyond that and its deadline", account.late - peak.late, LATENESS, "s"),
                at_most("sender's memory over idle", (peak.bytes - mine) / 2**20, MEMORY, "MiB"),
                at_most("receiver's memory over idle", (slow.peak - idle.resident) / 2**20, MEMORY, "MiB"),
                plain("taken afterwards", after, "/s"),
                at_most("throughput is back after", recovery(fast.counts, min(best, after)), RECOVERY, "s"),
                exactly("connections lost", last.connections_lost, 0),
            ]


async def _offer(sender: Sender, account: Account, numbers: list[int], payload: bytes, end: float) -> None:
    await asyncio.gather(*(_send(sender, account, numbers, lane, payload, end) for lane in range(SENDERS)))


async def _send(sender: Sender, account: Account, numbers: list[int], lane: int, payload: bytes, end: float) -> None:
    to = sender.to / receiver.Jobs
    timeout = DEADLINES[lane % len(DEADLINES)]
    while (now := perf_counter()) < end:
        account.sent += 1
        seq = numbers[lane]
        numbers[lane] = seq + 1
        try:
            await sender.node.tell(to, Job(lane, seq, payload), timeout=timeout)
        except SendError as error:
            account.failure(error, now + timeout)
        else:
            account.done += 1


def rate(counts: list[int]) -> float:
    """Jobs in a second, by their numbers in each bucket."""
    return sum(counts) / (len(counts) * BUCKET) if counts else 0.0


def recovery(counts: list[int], best: float) -> float:
    """Seconds until a fifth of a second had the rate of before, nearly."""
    span = round(0.2 / BUCKET)
    for start in range(len(counts) - span):
        if rate(counts[start : start + span]) >= RECOVERED * best:
            return start * BUCKET
    return float("inf")
