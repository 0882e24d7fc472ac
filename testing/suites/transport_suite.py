"""What every transport must do, as checks that any implementation can run on itself.

A transport joins with one line: `await check_transport(factory)`, or one test for each of
`TRANSPORT_CHECKS`. Nothing here knows which transport it runs on.
"""

from __future__ import annotations

import asyncio

from ...transports.streams import FLUSH_TIMEOUT
from .claims import require, turns
from .ending_checks import ENDING_CHECKS
from .opening_checks import OPENING_CHECKS
from .talking_checks import TALKING_CHECKS
from .transport_pair import PATIENCE, TransportCheck, TransportFactory, TransportPair

__all__ = ["TRANSPORT_CHECKS", "check_transport", "run_check"]

#: Seconds that a stream's tasks may go on after its end: as long as it may take to send what was written, and some.
GRACE = 2 * FLUSH_TIMEOUT

#: Every check of the contract.
TRANSPORT_CHECKS: tuple[TransportCheck, ...] = (*OPENING_CHECKS, *TALKING_CHECKS, *ENDING_CHECKS)


async def check_transport(factory: TransportFactory) -> None:
    """Run every check on a new pair each. Raises: AssertionError that names what does not hold."""
    for check in TRANSPORT_CHECKS:
        with factory() as pair:
            await run_check(check, pair)


async def run_check(check: TransportCheck, pair: TransportPair) -> None:
    """Run one check; it fails as well if it hangs, or leaves a task behind."""
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(PATIENCE):
            await check(pair)
    except TimeoutError as error:
        raise AssertionError(f"{_name(check)}: hangs") from error
    await turns(3)
    left = asyncio.all_tasks() - before
    if left:  # such as carry what is left behind to the other side may take so long
        _, left = await asyncio.wait(left, timeout=GRACE)
    require(not left, f"{_name(check)} left tasks behind: {left}")


def _name(check: TransportCheck) -> str:
    return getattr(check, "__name__", repr(check))
