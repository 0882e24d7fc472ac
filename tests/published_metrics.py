"""What docs/operate/ asks Prometheus: the queries of its dashboard and of its alert rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from peerbus.operate.metrics.exposition import MetricKind
from peerbus.operate.metrics.table import METRICS, Metric

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "operate"
#: Labels that Prometheus adds, and that of a histogram's buckets.
ADDED = {"job", "instance", "le"}


#: What a metric's samples are called beside its name.
SUFFIXES = {
    MetricKind.COUNTER: ("_total",),
    MetricKind.GAUGE: ("",),
    MetricKind.INFO: ("_info",),
    MetricKind.HISTOGRAM: ("_bucket", "_count", "_sum"),
}


def full_name(metric: Metric) -> str:
    """What it is called where it is looked up."""
    return metric.name if metric.kind is MetricKind.HISTOGRAM else metric.name + SUFFIXES[metric.kind][0]


def sample_names() -> dict[str, set[str]]:
    """What each metric's samples are called, with their labels."""
    found: dict[str, set[str]] = {"up": set()}
    for metric in METRICS:
        found |= {metric.name + suffix: set(metric.labels) for suffix in SUFFIXES[metric.kind]}
    return found


def alert_rules() -> list[dict[str, Any]]:
    """The rules of alerts.yml."""
    written = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in written["groups"] for rule in group["rules"]]


def dashboard_queries() -> Iterator[str]:
    """Those of grafana.json."""
    dashboard = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield re.fullmatch(r"label_values\((.+), \w+\)", variable["query"]["query"])[1]  # type: ignore[index]


def for_promtool(query: str) -> str:
    """A query of the dashboard as Grafana would send it."""
    for variable, value in (("$__rate_interval", "5m"), ("$job", "peerbus"), ("$instance", ".+")):
        query = query.replace(variable, value)
    return query


def names_in(query: str) -> tuple[set[str], set[str]]:
    """The metrics that a query names, and the labels."""
    bare = re.sub(r'"[^"]*"', '""', query)
    labels = {
        name
        for group in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare)
        for name in re.findall(r"\w+", group)
    }
    labels |= {
        name for group in re.findall(r"\{([^}]*)\}", bare) for name in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", group)
    }
    return set(re.findall(r"\b(?:peerbus|process)_\w+|\bup\b", bare)), labels
