"""What a node serves to Prometheus is true, in both formats, and names nobody."""

from __future__ import annotations

from admin_client import call
from administered import Get, Place
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from peerbus.actors import LOCAL, Actor, handles
from peerbus.native import build_name


class Secret(Actor):
    @handles(int)
    def take(self, _: int) -> None:
        """Nothing."""


async def test_the_figures_are_those_of_the_node(place: Place) -> None:
    for height in range(3):
        await place.node.ask(LOCAL / "blocks", Get(height))
    answered = await call(place.admin, "GET", "/metrics")
    assert answered.status == 200
    assert answered.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answered.headers["vary"] == "accept"
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in prometheus(answered.body.decode())
        for sample in family.samples
    }
    blocks = ("channel", "blocks")
    assert samples["peerbus_messages_sent_total", blocks, ("side", "local")] == 3
    assert samples["peerbus_messages_delivered_total", blocks, ("side", "local")] == 3
    assert samples["peerbus_actors", blocks] == 1
    assert samples[("peerbus_ready",)] == 1
    assert samples["peerbus_peers", ("state", "ready")] == 0
    assert samples["peerbus_build_info", ("build", build_name()), ("version", place.node.version)] == 1
    assert samples[("process_resident_memory_bytes",)] > 1e6


async def test_who_prefers_openmetrics_gets_it(place: Place) -> None:
    answered = await call(place.admin, "GET", "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert answered.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    names = {family.name for family in openmetrics(answered.body.decode())}  # type: ignore[no-untyped-call]  # it has no types
    assert {"peerbus_build", "peerbus_messages_sent", "peerbus_bytes"} <= names


async def test_no_actor_and_no_id_is_named(place: Place) -> None:
    place.node.spawn(Secret, name="the-secret-one")
    text = (await call(place.admin, "GET", "/metrics")).body.decode()
    assert "the-secret-one" not in text
    assert place.node.node_id[:8] not in text
    assert str(place.socket) not in text
