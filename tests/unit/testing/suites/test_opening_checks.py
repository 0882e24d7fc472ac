"""Checks of how streams are opened find what is wrong with a transport."""

from __future__ import annotations

import pytest
from flawed_transports import flawed

from peerbus.testing.suites import opening_checks
from peerbus.testing.suites.opening_checks import OPENING_CHECKS
from peerbus.testing.suites.transport_pair import TransportCheck


@pytest.mark.parametrize(
    ("flaw", "check", "complaint"),
    [
        ("takes anybody", opening_checks.another_node_than_expected_is_refused, "a dial that met another node gave"),
        ("does not say who", opening_checks.two_listeners_have_distinct_endpoints, "names another node"),
    ],
)
async def test_each_flaw_fails_its_check(flaw: str, check: TransportCheck, complaint: str) -> None:
    assert check in OPENING_CHECKS
    with flawed() as pair:
        await check(pair)
    with flawed(flaw) as pair, pytest.raises(AssertionError, match=complaint):
        await check(pair)
