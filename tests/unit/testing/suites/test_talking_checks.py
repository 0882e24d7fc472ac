"""Checks of what goes over a stream find what is wrong with it."""

from __future__ import annotations

import pytest
from flawed_transports import flawed

from peerbus.testing.suites import talking_checks
from peerbus.testing.suites.talking_checks import TALKING_CHECKS
from peerbus.testing.suites.transport_pair import TransportCheck


@pytest.mark.parametrize(
    ("flaw", "check", "complaint"),
    [
        ("loses a byte", talking_checks.a_big_transfer_arrives_intact, "the bytes changed"),
        ("turns lines round", talking_checks.written_bytes_may_be_changed_afterwards, "writelines lost"),
        ("never waits", talking_checks.a_slow_reader_makes_the_writer_wait, "bytes were taken that nobody read"),
    ],
)
async def test_each_flaw_fails_its_check(flaw: str, check: TransportCheck, complaint: str) -> None:
    assert check in TALKING_CHECKS
    with flawed() as pair:
        await check(pair)
    with flawed(flaw) as pair, pytest.raises(AssertionError, match=complaint):
        await check(pair)
