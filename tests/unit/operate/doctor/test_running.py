"""What a running node says of itself is judged, with what to do."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
import pytest_asyncio
from admin_client import call
from administered import Place

from peerbus.discovery.shell import BookView, ConnectionTotals, NarrowPath
from peerbus.operate.api import NodeOverview
from peerbus.operate.api.readiness import Readiness, WhyNot
from peerbus.operate.doctor.diagnosis import Diagnosis
from peerbus.operate.doctor.running import judge_running
from peerbus.transports.connection import ConnectionStatistics
from peerbus.transports.lanes import LaneStatistics


@pytest_asyncio.fixture
async def seen(place: Place) -> NodeOverview:
    """What the API says of a node that runs."""
    answered = await call(place.admin, "GET", "/v1/node")
    return msgspec.json.decode(answered.body, type=NodeOverview)


def of(about: str, seen: NodeOverview, now: float = 0.0) -> list[Diagnosis]:
    """What is said about that thing."""
    return [each for each in judge_running(seen, needed=300, now=now) if each.about == about]


async def test_a_node_without_peers_is_told_and_one_with_peers_is_well(seen: NodeOverview) -> None:
    (alone,) = of("node", seen)
    assert alone.verdict == "warning"
    assert seen.node_id[:12] in alone.text
    (well,) = of("node", replace(seen, connected=2))
    assert (well.verdict, "with 2 peers" in well.text) == ("ok", True)


@pytest.mark.parametrize(
    ("offset", "verdict", "said"),
    [
        (None, "ok", "told its time"),
        (0.3, "ok", "0.300 s"),
        (-30.0, "warning", "30.0 s ahead of"),
        (3600.0 * 5, "failed", "5 h behind"),
    ],
)
async def test_the_clock_is_compared_with_its_peers(
    seen: NodeOverview, offset: float | None, verdict: str, said: str
) -> None:
    (found,) = of("clock", replace(seen, clock_offset=offset, connected=3))
    assert (found.verdict, said in found.text) == (verdict, True)
    assert ("set-ntp" in found.advice) == (verdict != "ok")


@pytest.mark.parametrize(
    ("book", "verdict", "said"),
    [
        (BookView(0, ""), "ok", "writes it"),
        (BookView(3, "No space left on device"), "failed", "No space left on device"),
        (BookView(3, ""), "warning", "3 writes have failed"),
    ],
)
async def test_a_book_that_the_node_cannot_write_has_failed(
    seen: NodeOverview, book: BookView, verdict: str, said: str
) -> None:
    (found,) = of("book", replace(seen, book=book))
    assert (found.verdict, said in found.text, bool(found.advice)) == (verdict, True, verdict != "ok")
    assert of("book", replace(seen, book=None)) == []


async def test_of_two_nobody_knows_whose_clock_is_wrong(seen: NodeOverview) -> None:
    (found,) = of("clock", replace(seen, clock_offset=99.0, connected=1))
    assert "or its peers'" in found.advice


async def test_a_requirement_that_is_not_met_has_failed_and_a_node_that_is_emptied_is_told(seen: NodeOverview) -> None:
    why = (WhyNot("requirement", "2 more must offer archive"), WhyNot("draining", "the operator has this node emptied"))
    unready = replace(seen, ready=Readiness(False, why))
    assert [each.verdict for each in of("requirement", unready)] == ["failed"]
    assert [each.verdict for each in of("draining", unready)] == ["warning"]


async def test_a_path_that_drops_large_packets_is_named_with_what_to_do(seen: NodeOverview) -> None:
    path = NarrowPath("ab" * 32, "tcp://10.0.0.9:7400", 3, 1_000.0)
    (found,) = of("narrow path", replace(seen, carried=ConnectionTotals({}, {}, {}, (path,))), now=1_600.0)
    assert found.verdict == "warning"
    assert "abababababab at tcp://10.0.0.9:7400" in found.text
    assert "3 times, last 10 min ago" in found.text
    assert "tcp_mtu_probing" in found.advice


async def test_reasons_that_can_be_mended_are_told_the_most_frequent_first(seen: NodeOverview) -> None:
    tried = replace(seen, failed={"duplicate": 9, "unreachable": 2, "network": 5}, refused={"full": 1})
    assert [each.text for each in of("dials in vain", tried)] == [
        "network: 5 since the start",
        "unreachable: 2 since the start",
    ]
    assert [each.verdict for each in of("not let in", tried)] == ["warning"]


async def test_a_loop_that_was_held_and_files_that_run_out_are_told(seen: NodeOverview) -> None:
    held = replace(seen, loop_lag=replace(seen.loop_lag, worst=1.5))
    assert [each.verdict for each in of("loop", held)] == ["warning"]
    full = replace(seen, process=replace(seen.process, open_fds=1000, max_fds=1024))
    assert [each.verdict for each in of("descriptors", full)] == ["warning"]


async def test_a_connection_that_looks_narrow_now_is_named(seen: NodeOverview) -> None:
    wide = ConnectionStatistics(
        peer_id="ab" * 32,
        name="bob",
        dialed=True,
        remote=f"tcp://{'ab' * 32}@10.0.0.9:7400",
        secure=True,
        rtt=None,
        patience=15.0,
        offers=(),
        asks_in_flight=0,
        serving=0,
        bytes_received=0,
        bytes_sent=0,
        unsolicited=0,
        lanes={},
    )
    found = judge_running(seen, [wide, replace(wide, narrow=True)], needed=300)
    (narrow,) = [each for each in found if each.about == "narrow path"]
    assert narrow.text.startswith("to abababababab at tcp://10.0.0.9:7400: large frames go again")


async def test_what_permissions_refuse_is_said_and_is_a_warning_where_it_was_tried(seen: NodeOverview) -> None:
    def lane(*refused: str, **failed: int) -> LaneStatistics:
        return LaneStatistics("blocks", 1, 1, 0, 0, 0, 0, 0, failed, not_allowed=refused)

    def connection(peer: str, **more: object) -> ConnectionStatistics:
        place = f"tcp://{peer * 64}@127.0.0.1:7400"
        rest = (peer, True, place, True, None, 15.0, (), 0, 0, 0, 0, 0)
        made = ConnectionStatistics(peer * 64, *rest, {"blocks": lane()})
        return replace(made, **more)  # type: ignore[arg-type]  # its fields

    def said(*connections: ConnectionStatistics) -> list[tuple[str, str]]:
        found = judge_running(seen, connections, needed=300, now=0.0)
        return [(each.verdict, each.text) for each in found if each.about == "permissions"]

    assert said(connection("a")) == []
    assert said(connection("a", refused={"blocks": ("tell",)}), connection("b", refused={"blocks": ("tell",)})) == [
        ("ok", "2 connected peers may not tell on blocks here, as this node's rules say")
    ]
    assert said(connection("a", lanes={"blocks": lane("ask")})) == [
        ("ok", f"{'a' * 12} does not let this node ask on blocks")
    ]
    tried = [connection(peer, lanes={"blocks": lane("tell", not_allowed=3)}) for peer in "abcde"]
    those = ", ".join(peer * 12 for peer in "abc")
    assert said(*tried) == [
        ("warning", f"{those}, … do not let this node tell on blocks, and this one has tried 15 times")
    ]
