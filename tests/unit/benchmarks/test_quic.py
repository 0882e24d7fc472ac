"""The check of libraries of QUIC says what is held, and what is not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import pytest

from benchmarks.quic.candidates import CANDIDATES, make_candidate
from benchmarks.quic.candidates.tasks import Tasks
from benchmarks.quic.command import main
from benchmarks.quic.environment import newest, python_for
from benchmarks.quic.pipe import Candidate, Pipe, Serve
from benchmarks.quic.trials import ACCEPTOR, DIALER, TRIALS, one_way, round_trip, tried
from benchmarks.quic.verdict import Verdict, table
from peerbus.transports import Identity, Transport

NAMES = list(TRIALS)


@pytest.mark.parametrize("name", NAMES)
async def test_what_carries_the_bus_already_holds_each_requirement(name: str) -> None:
    verdict = await tried(TRIALS[name], make_candidate("tcp"), name)
    assert verdict.held, verdict.figure
    assert verdict.requirement == name


async def test_speeds_are_of_what_has_arrived_on_the_other_side() -> None:
    from benchmarks.quic.serving import serve

    candidate = make_candidate("tcp")()
    place = await candidate.listen(ACCEPTOR, serve)
    assert await one_way(candidate, place, 0.05) > 0
    assert 0 < await round_trip(candidate, place, 0.02) < 1
    await candidate.aclose()


class _Queue:
    """Takes whatever it is given, and proves nobody."""

    peer = None

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self.other = self

    async def send(self, data: bytes) -> None:
        self.other.arrived.put_nowait(data)
        await asyncio.sleep(0)

    async def receive(self) -> bytes:
        return await self.arrived.get()

    async def close(self) -> None:
        await self.send(b"")


class Careless:
    """A library that holds nothing of all that: it has no bound, no keys, no ends, and dials that never end."""

    packages: tuple[str, ...] = ()
    remark = ""

    def __init__(self) -> None:
        self._tasks = Tasks()
        self._serve: Serve | None = None

    def transport(self, identity: Identity) -> Transport | None:
        del identity
        return None

    async def listen(self, identity: Identity, serve: Serve) -> str:
        del identity
        self._serve = serve
        return "127.0.0.1:1"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        del identity, expected
        if place.endswith(":9") or self._serve is None:
            return _Queue()
        ends = _Queue(), _Queue()
        ends[0].other, ends[1].other = ends[1], ends[0]
        self._tasks.serve(ends[1], self._serve)
        return ends[0]

    async def aclose(self) -> None:
        await self._tasks.cancel()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("each side proves its key", "the dialer sees nobody, the listener nobody"),
        ("back-pressure, dialer to listener", "took all of 16.8 MB that nobody reads"),
        ("back-pressure, listener to dialer", "took all of 16.8 MB that nobody reads"),
        ("a dial to nobody ends in time", "somebody answered"),
    ],
)
async def test_what_is_not_held_is_said_with_its_figure(name: str, says: str) -> None:
    make: Callable[[], Candidate] = Careless
    verdict = await tried(TRIALS[name], make, name)
    assert (verdict.held, verdict.figure) == (False, says)


async def test_a_library_that_raises_or_is_missing_something_does_not_hold_it() -> None:
    class Broken(Careless):
        async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
            raise OSError("no such thing\nand more")

    for name in ("a clean end", "20 dials at once"):
        verdict = await tried(TRIALS[name], Broken, name)
        assert not verdict.held
        assert "OSError: no such thing" in verdict.figure
        assert "and more" not in verdict.figure


def test_the_newest_release_counts_and_not_the_one_that_sorts_last() -> None:
    found = {"3.11": "0.8.1", "3.12": "0.21.1", "3.13": "0.21.1"}
    assert newest(found) == "0.21.1"
    assert newest({"3.11": "", "3.12": ""}) == ""
    assert python_for({"3.11": ""}) == sys.executable


def test_each_line_says_requirement_verdict_and_figure() -> None:
    lines = table([Verdict("one", True, "1 MB/s"), Verdict("another one", False, "none")]).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["one", "another one"]
    assert lines[0].index("held") == lines[1].index("NOT HELD")
    assert lines[1].endswith("none")


def test_the_command_explains_itself_and_refuses_other_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told for name in CANDIDATES)
    assert "Exit status" in told
    with pytest.raises(SystemExit, match="2"):
        main(["carrier-pigeon"])
    assert DIALER.node_id != ACCEPTOR.node_id
