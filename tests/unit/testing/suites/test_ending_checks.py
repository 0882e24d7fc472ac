"""Checks of how streams end find what is wrong with that."""

from __future__ import annotations

import pytest
from flawed_transports import flawed

from peerbus.testing.suites import ending_checks
from peerbus.testing.suites.ending_checks import ENDING_CHECKS
from peerbus.testing.suites.transport_pair import TransportCheck


@pytest.mark.parametrize(
    ("flaw", "check", "complaint"),
    [
        ("writes after its end", ending_checks.a_closed_stream_refuses_its_owner, "write after aclose did not raise"),
        ("goes on", ending_checks.the_end_is_read_on_the_other_side, "the end is not the end"),
    ],
)
async def test_each_flaw_fails_its_check(flaw: str, check: TransportCheck, complaint: str) -> None:
    assert check in ENDING_CHECKS
    with flawed() as pair:
        await check(pair)
    with flawed(flaw) as pair, pytest.raises(AssertionError, match=complaint):
        await check(pair)
