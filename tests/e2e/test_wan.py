"""Long, thin and narrow links between two hosts: a small part of what `make wan` measures."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pytest

from benchmarks.wan.hosts import Hosts, NoHosts, figures, hosts

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def net() -> Iterator[Hosts]:
    try:
        with hosts() as found:
            yield found
    except NoHosts as error:
        pytest.skip(str(error))


def test_a_file_comes_over_a_thin_line_without_being_asked_for_twice(net: Hosts) -> None:
    net.both_ways(delay=0.01, rate=125_000)
    # Eight blocks, of which those that are asked for at once would come after 1 to 8 s, and may take 5.
    _, share, retries = figures(net, "sync", 1 << 20, 0.0, 0.0)
    assert (share, retries < 3) == (1.0, True)


def test_a_window_is_no_speed_limit_on_a_long_line(net: Hosts) -> None:
    net.both_ways(delay=0.1)
    (rate,) = figures(net, "sink", 100, 1.5, 1.0)
    # A window that stays at 1 024 messages lets no more than 5 120 a second through, whatever the machine can do.
    assert rate > 2 * 5120


@pytest.mark.parametrize("size", [1 << 10, 1 << 16])
def test_an_urgent_ask_on_a_thin_line_does_not_wait_for_what_floods_it(net: Hosts, size: int) -> None:
    net.both_ways(delay=0.01, rate=125_000)
    times = figures(net, "urgent", size, 1.0, 2.0)
    assert median(times) <= 0.6


def test_a_path_that_drops_large_packets_is_dialed_anew_with_smaller_ones(net: Hosts) -> None:
    net.both_ways(mtu=1300)
    found = figures(net, "large", 100_000, 0.0, 60.0, heartbeat=0.5)
    assert found, "the large ask was never answered"
    _, tries, connections = found
    assert tries > 1, "the path did not drop it"
    # The end of the first one teaches the next dial; one more for a machine too busy to look before that end.
    assert connections <= 2, "what was seen of the path was forgotten"
