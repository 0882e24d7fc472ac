"""Both texts are read by Prometheus's own parsers as what was written, and each caller gets the one that it prefers."""

from __future__ import annotations

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from peerbus.actors.engine import HistogramView
from peerbus.operate.metrics.exposition import MetricKind, Sampled, TextFormat, format_of, metrics_text

METRICS = (
    Sampled("peerbus_build", MetricKind.INFO, "The version.", "", ("version",), [(("1.0",), 1)]),
    Sampled(
        "peerbus_bytes", MetricKind.COUNTER, "Bytes.", "bytes", ("carrier",), [(("tcp",), 2**53 + 1), (("unix",), 0)],
    ),
    Sampled("peerbus_lag_seconds", MetricKind.GAUGE, "A line\nand \\ more.", "seconds", (), [((), 0.1)]),
    Sampled("peerbus_none", MetricKind.GAUGE, "Has no value.", "", ("role",), []),
    Sampled("peerbus_odd", MetricKind.GAUGE, "Odd.", "", ("reason",), [(('a "b"\\\n{c}',), 1)]),
    Sampled(
        "peerbus_took_seconds", MetricKind.HISTOGRAM, "Took.", "seconds", ("channel",),
        [(("blocks",), HistogramView((0.00001, 1.0), (1, 2, 3), 7.5))],
    ),
)  # fmt: skip


def test_the_text_of_prometheus_is_what_its_parser_reads() -> None:
    text = metrics_text(METRICS, TextFormat.PROMETHEUS)
    found = {each.name: each for each in prometheus(text)}
    assert [(s.labels, s.value) for s in found["peerbus_bytes"].samples] == [
        ({"carrier": "tcp"}, 2**53 + 1),
        ({"carrier": "unix"}, 0),
    ]
    assert (found["peerbus_bytes"].type, found["peerbus_took_seconds"].type) == ("counter", "histogram")
    assert found["peerbus_build_info"].samples[0].labels == {"version": "1.0"}
    assert found["peerbus_lag_seconds"].documentation == "A line\nand \\ more."
    assert found["peerbus_odd"].samples[0].labels == {"reason": 'a "b"\\\n{c}'}
    assert "# TYPE peerbus_none gauge\n" in text
    assert "# UNIT" not in text
    assert "# EOF" not in text


def test_the_text_of_openmetrics_is_what_the_strict_parser_reads() -> None:
    found = {each.name: each for each in openmetrics(metrics_text(METRICS, TextFormat.OPENMETRICS))}  # type: ignore[no-untyped-call]  # it has no types
    assert {name: (each.type, each.unit) for name, each in found.items()} == {
        "peerbus_build": ("info", ""),
        "peerbus_bytes": ("counter", "bytes"),
        "peerbus_lag_seconds": ("gauge", "seconds"),
        "peerbus_none": ("gauge", ""),
        "peerbus_odd": ("gauge", ""),
        "peerbus_took_seconds": ("histogram", "seconds"),
    }
    assert found["peerbus_odd"].samples[0].labels == {"reason": 'a "b"\\\n{c}'}


def test_buckets_add_up_to_the_count() -> None:
    (took,) = [each for each in prometheus(metrics_text(METRICS, TextFormat.PROMETHEUS)) if each.type == "histogram"]
    values = [(sample.name.rpartition("_")[2], sample.labels.get("le"), sample.value) for sample in took.samples]
    assert values == [
        ("bucket", "1e-05", 1),
        ("bucket", "1.0", 3),
        ("bucket", "+Inf", 6),
        ("count", None, 6),
        ("sum", None, 7.5),
    ]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", TextFormat.PROMETHEUS),
        ("*/*", TextFormat.PROMETHEUS),
        ("text/html, application/json;q=0.9", TextFormat.PROMETHEUS),
        ("application/openmetrics-text", TextFormat.OPENMETRICS),
        # What Prometheus 2 and 3 send.
        (
            "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            TextFormat.OPENMETRICS,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            TextFormat.OPENMETRICS,
        ),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.8", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;version=7.0.0, text/plain;q=0.1", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=0", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=nan", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=x,;;,=", TextFormat.PROMETHEUS),
        ("APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=1", TextFormat.OPENMETRICS),
    ],
)
def test_each_caller_gets_what_it_prefers(accept: str, form: TextFormat) -> None:
    assert format_of(accept) is form
