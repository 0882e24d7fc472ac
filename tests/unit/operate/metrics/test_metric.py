from __future__ import annotations

from peerbus.operate.metrics.exposition import MetricKind
from peerbus.operate.metrics.metric import Metric


def test_a_metric_without_labels_is_one_series() -> None:
    metric = Metric("peerbus_x", MetricKind.GAUGE, "X.", lambda _: [((), 1)])
    assert (metric.labels, metric.unit) == ((), "")
