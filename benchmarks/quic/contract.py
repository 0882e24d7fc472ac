"""The contract of transports, on a candidate that is a carrier already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from peerbus.testing.suites import TransportPair
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, run_check
from peerbus.transports import Endpoint

from .candidates import make_candidate
from .trials import ACCEPTOR, DIALER
from .verdict import Verdict

__all__ = ["contract"]

#: More bytes than both ends of a candidate hold that nobody reads.
_MORE_THAN_BUFFERS = 12 * 1024 * 1024


def contract(name: str, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Verdict:
    """How many of the checks hold, and which is the first that does not."""
    requirement, failed = "the contract of transports", dict[str, str]()
    for check in TRANSPORT_CHECKS:
        candidate = make_candidate(name)()
        dialer, acceptor = candidate.transport(DIALER), candidate.transport(ACCEPTOR)
        if dialer is None or acceptor is None:
            return Verdict(requirement, False, "not tried: nobody has written a carrier with it")
        fresh = Endpoint(dialer.schemes[0], host="127.0.0.1")
        pair = TransportPair(
            dialer,
            acceptor,
            lambda fresh=fresh: replace(fresh),  # type: ignore[misc]  # mypy sees no default of a lambda
            DIALER.node_id,
            ACCEPTOR.node_id,
            refuses=name == "tcp",  # UDP has nobody to refuse a dial
            more_than_buffers=48 * 1024 * 1024 if name == "tcp" else _MORE_THAN_BUFFERS,
        )
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(run_check(check, pair))
        except Exception as error:  # noqa: BLE001  # whatever it raises, the check does not hold
            failed[getattr(check, "__name__", "?")] = f"{type(error).__name__}: {error}"[:120]
    figure = f"{len(TRANSPORT_CHECKS) - len(failed)} of {len(TRANSPORT_CHECKS)} checks"
    if failed:
        figure += f"; the first that fails: {next(iter(failed))}"
    return Verdict(requirement, not failed, figure)
