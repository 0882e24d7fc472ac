"""What is measured on long and thin links, each row with its bound where one is promised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from ..load.finding import Finding, at_least, at_most, plain
from ..load.sender import quantile
from .hosts import Hosts, figures

__all__ = ["ROWS", "Row"]

#: Measures over these hosts, for that many seconds.
Row = Callable[[Hosts, float], Iterator[Finding]]

SIZES = {"100 B": 100, "1 KiB": 1 << 10, "64 KiB": 1 << 16}
#: Seconds of a round trip, by name.
TRIPS = {"1 ms": 0.001, "20 ms": 0.02, "100 ms": 0.1, "300 ms": 0.3}
#: Of the window that never binds.
WINDOW_BAR = 0.8
#: Bytes a second of a thin link, 1 Mbit/s, and seconds that an urgent ask may take behind all that flows.
THIN, THIN_BAR = 125_000, 0.6
FLOODS = {"1 KiB": 1 << 10, "64 KiB": 1 << 16, "1 MB": 1_000_000}
#: Seconds after which a route that has become longer is used as one that always was so: the round trip is known after
#: 10, and TCP alone, which takes the first packets for lost, comes back to its rate after 12.
LEARNT = 20.0
#: Bytes of the files that are synced, bytes a second of the lines, and how many times as long it may take as the line
#: alone would.
THIN_SYNCS = {"256 kbit/s": (1 << 20, 32_000), "1 Mbit/s": (4 << 20, 125_000), "5 Mbit/s": (8 << 20, 625_000)}
SYNC_BAR = 1.5
#: The same at a round trip of 100 ms, with that many seconds of jitter; of TCP alone.
LONG_SYNCS = {"100 ms": (32 << 20, 0.0), "100 ms, reordered": (8 << 20, 0.005)}
LONG_SYNC_BAR = 0.5


def _window(name: str, size: int, trip: float, net: Hosts, seconds: float) -> Iterator[Finding]:
    net.both_ways(delay=trip / 2)
    found = {what: figures(net, what, size, _warm(trip), seconds)[0] for what in ("plain", "wide", "sink")}
    yield plain(f"{name}: TCP alone", found["plain"], "/s")
    yield plain(f"{name}: a window that never binds", found["wide"], "/s")
    yield plain(f"{name}: the window of every channel", found["sink"], "/s")
    yield at_least(f"{name}: of that", found["sink"] / found["wide"], WINDOW_BAR, "×")


def _route(name: str, before: float, after: float, net: Hosts, seconds: float) -> Iterator[Finding]:
    def change() -> None:
        time.sleep(3.0)
        net.both_ways(delay=after / 2)

    net.both_ways(delay=after / 2)
    (fresh,) = figures(net, "wide", SIZES["1 KiB"], _warm(after), seconds)
    net.both_ways(delay=before / 2)
    warm = 3.0 + LEARNT + _warm(after)
    (changed,) = figures(net, "wide", SIZES["1 KiB"], warm, seconds, meanwhile=change)
    yield plain(f"{name}: where it always was so", fresh, "/s")
    yield plain(f"{name}: where it has become so", changed, "/s")
    yield at_least(f"{name}: of that", changed / fresh, WINDOW_BAR, "×")


def _urgent(name: str, flood: int, net: Hosts, seconds: float) -> Iterator[Finding]:
    net.both_ways(delay=0.01, rate=THIN)
    times = figures(net, "urgent", flood, 3.0, max(seconds, 10.0))
    yield plain(f"{name}: p50", quantile(times, 0.5), "s")
    yield at_most(f"{name}: the longest", max(times), THIN_BAR, "s")


def _thin_sync(name: str, size: int, rate: float, net: Hosts, _seconds: float) -> Iterator[Finding]:
    net.both_ways(delay=0.01, rate=rate)
    took, share, retries = figures(net, "sync", size, 0.0, 0.0)
    yield at_least(f"{name}: of the file", share, 1.0, "×")
    yield plain(f"{name}: blocks that were asked for again", retries, "")
    yield at_most(f"{name}: of the time that the line takes", took * rate / size, SYNC_BAR, "×")


def _long_sync(name: str, size: int, jitter: float, net: Hosts, seconds: float) -> Iterator[Finding]:
    net.both_ways(delay=0.05, jitter=jitter)
    (alone,) = figures(net, "plain", 1, 2.0, seconds)
    took, share, retries = figures(net, "sync", size, 0.0, 0.0)
    yield at_least(f"{name}: of the file", share, 1.0, "×")
    yield plain(f"{name}: blocks that were asked for again", retries, "")
    yield plain(f"{name}: TCP alone", alone / 1e6, "MB/s")
    yield plain(f"{name}: the sync", share * size / took / 1e6, "MB/s")


def _narrow(name: str, size: int, net: Hosts, _seconds: float) -> Iterator[Finding]:
    net.both_ways(mtu=1300)
    found = figures(net, "large", size, 0.0, 60.0, heartbeat=0.5)
    yield at_most(f"{name}: until it is answered", found[0] if found else 60.0, 30.0, "s")


def _warm(trip: float) -> float:
    """Seconds until windows have grown."""
    return max(1.0, 30 * trip)


#: All rows, by name.
ROWS: dict[str, Row] = {
    **{
        (name := f"{size} at {trip}"): partial(_window, name, SIZES[size], TRIPS[trip])
        for trip in TRIPS
        for size in SIZES
    },
    (name := "a route from 1 to 100 ms"): partial(_route, name, 0.001, 0.1),
    **{(name := f"urgent behind {flood}"): partial(_urgent, name, FLOODS[flood]) for flood in FLOODS},
    **{(name := f"sync at {line}"): partial(_thin_sync, name, *THIN_SYNCS[line]) for line in THIN_SYNCS},
    **{(name := f"sync at {line}"): partial(_long_sync, name, *LONG_SYNCS[line]) for line in LONG_SYNCS},
    (name := "a large ask where large packets are dropped"): partial(_narrow, name, 100_000),
}
