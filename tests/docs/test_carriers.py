"""What docs/carriers.md shows, at work."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from peerbus.testing.suites import TransportPair, check_transport, transport_suite
from peerbus.testing.suites.opening_checks import OPENING_CHECKS
from peerbus.transports import PATH, Endpoint, MemoryNetwork, Scheme, Scope

DIALER, ACCEPTOR = "d" * 64, "a" * 64


def test_a_scheme_says_from_how_far_away_its_endpoints_are_dialed() -> None:
    # region: scheme
    SERIAL = Scheme(name="serial", shape=PATH, scope=lambda place: Scope.LINK, told=False)  # noqa: N806
    # endregion
    assert (SERIAL.name, SERIAL.told, SERIAL.direct) == ("serial", False, False)


async def test_a_carrier_is_held_to_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_suite, "TRANSPORT_CHECKS", OPENING_CHECKS)  # all of them: tests/contract

    # region: check
    @contextmanager
    def pair() -> Iterator[TransportPair]:  # two nodes' transports that can reach each other
        network, numbers = MemoryNetwork(), itertools.count()
        yield TransportPair(
            dialer=network.transport(DIALER),
            acceptor=network.transport(ACCEPTOR),
            fresh=lambda: Endpoint("memory", path=f"place-{next(numbers)}"),  # a place that nobody else uses
            dialer_id=DIALER,
            acceptor_id=ACCEPTOR,
        )

    await check_transport(pair)
    # endregion
