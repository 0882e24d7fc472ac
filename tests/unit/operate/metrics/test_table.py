"""Metrics are few, bounded whatever peers do, and the only ones that the dashboard and the alerts name."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from clusters import Cluster
from metrics_page import PAGE, PAGES, current_page
from published_metrics import ADDED, FOLDER, alert_rules, dashboard_queries, names_in, sample_names
from stranger import Stranger, channel_map
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Channel, Peer, Reactor, handles
from peerbus.discovery import PeerOptions
from peerbus.node import NodeSnapshot
from peerbus.operate.metrics.exposition import TextFormat, metrics_text
from peerbus.operate.metrics.table import METRICS, Seen, metrics_of
from peerbus.transports import Endpoint


def series(snapshot: NodeSnapshot) -> set[str]:
    text = metrics_text(metrics_of(Seen(snapshot, "1", True)), TextFormat.PROMETHEUS)
    return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}


def test_there_are_at_most_sixty_and_each_is_named_as_the_field_does() -> None:
    assert len(METRICS) <= 60
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"(peerbus|process)(_[a-z]+)+", metric.name), metric.name
        assert not metric.name.endswith(("_total", "_info", "_count", "_sum", "_bucket"))
        assert metric.name.endswith(metric.unit)
        assert metric.text.endswith(".")


def test_labels_are_those_that_are_bounded() -> None:
    labels = {label for metric in METRICS for label in metric.labels}
    bounded = {"side", "channel", "reason", "state", "role", "carrier", "direction", "version", "build", "worker"}
    assert labels <= bounded


@dataclass(frozen=True)
class Note:
    number: int


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> int:
        if note.number < 0:
            raise ValueError(note.number)
        return note.number


async def star(peers: int) -> NodeSnapshot:
    """A node with that number of peers: one leaves, one is banned, two answer, and the rest only shook hands."""
    cluster = Cluster()
    hub = cluster.node("hub", reactors=[Notes], options=PeerOptions(max_connected=600, max_known=700))
    nodes = [cluster.node(f"peer{number}", peers=("hub",), reactors=[Notes]) for number in range(4)]
    async with cluster.running(hub, *nodes):
        for number in range(peers - len(nodes)):
            node_id = f"{number:064x}"
            stream = await cluster.network.transport(node_id).dial(
                Endpoint.parse("memory://hub"), expect=None, timeout=5.0
            )
            stranger = Stranger(stream.read, stream.write)
            await stranger.shake_hands(node_id, channels=[channel_map("notes"), channel_map(f"own{number}")])
        await eventually(lambda: len(hub.peers) == peers)
        for number in (1, -1):
            asks = [hub.ask(Peer(node.node_id) / Notes, Note(number)) for node in nodes]
            await asyncio.gather(*asks, return_exceptions=True)
        await nodes[0].aclose()
        await hub.ban(nodes[1].node_id)
        await eventually(lambda: len(hub.peers) == peers - 2)
        return hub.snapshot(0)


@in_virtual_time
async def test_there_are_as_many_series_at_five_hundred_peers_as_at_five() -> None:
    assert series(await star(5)) == series(await star(500))


@pytest.mark.parametrize("query", [*dashboard_queries(), *(rule["expr"] for rule in alert_rules())])
def test_the_dashboard_and_the_alerts_name_only_metrics_and_labels_that_exist(query: str) -> None:
    known = sample_names()
    names, labels = names_in(query)
    assert names
    assert names <= known.keys()
    assert labels <= ADDED.union(*(known[name] for name in names))


def test_each_alert_says_what_happened_and_leads_to_a_place_of_the_page() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).strip().replace(" ", "-")
        for head in re.findall(r"^#+ (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for rule in alert_rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "instance" in rule["annotations"]["summary"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operate.md"
        assert anchor in heads


def test_each_alert_has_a_case_that_raises_it_and_one_that_does_not() -> None:
    written = yaml.safe_load((FOLDER / "alerts.test.yml").read_text(encoding="utf-8"))
    raised: set[str] = set()
    quiet: set[str] = set()
    for case in (case for test in written["tests"] for case in test["alert_rule_test"]):
        (raised if case["exp_alerts"] else quiet).add(case["alertname"])
    assert raised == quiet == {rule["alert"] for rule in alert_rules()}


def test_each_metric_is_in_the_dashboard() -> None:
    shown = set().union(*(names_in(query)[0] for query in dashboard_queries()))
    missing = [metric.name for metric in METRICS if not any(name.startswith(metric.name) for name in shown)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tables_of_a_page_are_those_of_the_code(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == current_page(page), "run: make generate"
