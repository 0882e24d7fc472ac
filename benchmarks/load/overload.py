"""Ten times more offered than can be served: how much of what was asked is still answered in time.

Asks arrive by the clock, whether earlier ones were answered or not, each with a deadline. The best is what the
receiver answers when it is never idle and never flooded.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from peerbus.actors import RemoteError, SendError

from . import receiver
from .finding import Finding, at_least, at_most, exactly, plain
from .messages import Job
from .process import child
from .resident import Peak, resident
from .sender import Account, Sender, connected, peer_of
from .slow_receiver import MEMORY

__all__ = ["overload"]

#: Seconds of work for each ask, and those that the asker has for it.
PACE, DEADLINE = 0.002, 1.0
#: Asks under way when the best is measured, and for how many seconds.
COMFORT, BEST_FOR = 8, 5.0
#: How much more is offered than can be served.
FACTOR = 10.0
#: Part of the time after which memory shall be flat: by then as many asks wait as have a deadline ahead of them.
SETTLED = 0.25
#: Share of the best that stays.
GOODPUT = 0.8
#: Asks that wait for their end, of what a deadline lets wait: more only where this process itself does not keep up.
OUTSTANDING = 1.5
#: Seconds between two bursts of the open loop.
TICK = 0.005


async def overload(seconds: float) -> list[Finding]:
    """Offer ten times what can be served, for so long."""
    with child("receiver") as endpoint:
        async with connected("sender", endpoint) as node:
            sender = Sender(node, peer_of(endpoint))
            idle = await sender.report()
            await sender.pace(PACE)
            best = await _best(sender)
            await sender.pace(PACE)
            mine, peak, account = resident(), Peak(), Account()
            began = perf_counter()
            flooding = asyncio.ensure_future(_flood(sender, account, best * FACTOR, seconds))
            await asyncio.sleep(seconds * SETTLED)
            settled, theirs = peak.bytes, (await sender.report()).peak
            await flooding
            offered = account.sent / (perf_counter() - began)
            report = await sender.idle(30.0)
            peak.close()
            return [
                plain("best", best, "/s"),
                plain("offered", offered, "/s"),
                plain("offered, of the best", offered / best, "×"),
                plain("answered in time", account.done / seconds, "/s"),
                *(plain(f"failed: {reason}", number) for reason, number in sorted(account.failed.items())),
                at_least("goodput, of the best", account.done / seconds / best, GOODPUT),
                exactly("asks without an outcome", account.sent - account.done - sum(account.failed.values()), 0),
                plain("sender's memory over idle, its own tasks too", (peak.bytes - mine) / 2**20, "MiB"),
                at_most("sender's memory after a quarter grew by", (peak.bytes - settled) / 2**20, MEMORY, "MiB"),
                at_most("receiver's memory after a quarter grew by", (report.peak - theirs) / 2**20, MEMORY, "MiB"),
                at_most("receiver's memory over idle", (report.peak - idle.resident) / 2**20, MEMORY, "MiB"),
                exactly("connections lost", report.connections_lost, 0),
            ]


async def _best(sender: Sender) -> float:
    account, end = Account(), perf_counter() + BEST_FOR

    async def work() -> None:
        while perf_counter() < end:
            await _ask(sender, account)

    await asyncio.gather(*(work() for _ in range(COMFORT)))
    return account.done / BEST_FOR


async def _flood(sender: Sender, account: Account, rate: float, seconds: float) -> None:
    start = perf_counter()
    asks: set[asyncio.Task[None]] = set()
    while (now := perf_counter()) < start + seconds:
        room = int(OUTSTANDING * rate * DEADLINE) - len(asks)
        for _ in range(min(room, int((now - start) * rate) - account.sent)):
            task = asyncio.ensure_future(_ask(sender, account))
            asks.add(task)
            task.add_done_callback(asks.discard)
            account.sent += 1
        await asyncio.sleep(TICK)
    await asyncio.gather(*asks)


async def _ask(sender: Sender, account: Account) -> None:
    now = perf_counter()
    try:
        await sender.node.ask(sender.to / receiver.Jobs, Job(0, account.sent, b""), timeout=DEADLINE)
    except SendError as error:
        account.failure(error, now + DEADLINE)
    except RemoteError as error:
        account.failed[error.code] += 1
    else:
        account.done += 1
