"""A message names its sender by the number that the peer was told: of each reactor here that it can reach."""

from __future__ import annotations

import pytest
from link_lines import hello_of

from peerbus.transports.sending.origins import Origins


@pytest.fixture
def origins() -> Origins:
    return Origins(hello_of("a" * 64).channels, {"third", "first"}.__contains__)


def test_reactors_have_the_numbers_in_which_they_were_announced(origins: Origins) -> None:
    assert [origins.number_of(name) for name in ("first", "second", "unknown")] == [1, 2, 0]
    origins.add("third", 2)
    assert origins.number_of("third") == 3


def test_one_that_sends_before_it_has_started_is_announced_before_its_message(origins: Origins) -> None:
    told: list[str] = []

    def announce(name: str) -> None:
        told.append(name)
        origins.add(name, 2)

    origins.announce = announce
    assert origins.number_of("third") == 3
    assert origins.number_of("third") == 3
    assert origins.number_of("no reactor") == 0
    assert told == ["third"]


def test_who_gets_the_name_of_one_that_has_stopped_is_not_taken_for_it(origins: Origins) -> None:
    origins.remove("second")
    origins.remove("second")
    assert origins.number_of("second") == 0


def test_after_the_end_nobody_is_told(origins: Origins) -> None:
    told: list[str] = []
    origins.announce = told.append
    origins.end()
    assert origins.number_of("third") == 0
    assert told == []
