"""Metrics as text: that of Prometheus (exposition format 0.0.4), and that of OpenMetrics 1.0.0.

https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...actors.engine import HistogramView

__all__ = ["MetricKind", "MetricValue", "Sampled", "TextFormat", "format_of", "metrics_text"]


class MetricKind(StrEnum):
    """What a metric is."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


class TextFormat(StrEnum):
    """How it is written; the value is the content type."""

    PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


#: The values of a metric's labels, in their order, and its own.
MetricValue = tuple[Sequence[str], "float | HistogramView"]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A metric and its values.

    `name` without `_total` and `_info`, which its kind adds; `unit` is how it ends, or "".
    """

    name: str
    kind: MetricKind
    text: str
    unit: str
    labels: Sequence[str]
    values: Iterable[MetricValue]


def format_of(accept: str) -> TextFormat:
    """What a caller prefers that sends this `Accept` (RFC 9110, 12.5.1); where that names neither, Prometheus."""
    best = {TextFormat.PROMETHEUS: 0.0, TextFormat.OPENMETRICS: 0.0}
    for each in accept.lower().split(","):
        media, *parameters = (part.strip() for part in each.split(";"))
        fields = {name: value for name, _, value in (parameter.partition("=") for parameter in parameters)}
        if media == "application/openmetrics-text" and fields.get("version", "1.0.0") in ("1.0.0", "0.0.1"):
            wanted = TextFormat.OPENMETRICS
        elif media in ("text/plain", "text/*", "*/*"):
            wanted = TextFormat.PROMETHEUS
        else:
            continue
        best[wanted] = max(best[wanted], _weight(fields.get("q", "1")))
    openmetrics = best[TextFormat.OPENMETRICS] > best[TextFormat.PROMETHEUS]
    return TextFormat.OPENMETRICS if openmetrics else TextFormat.PROMETHEUS


def _weight(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if 0.0 <= found <= 1.0 else 0.0


def metrics_text(metrics: Iterable[Sampled], form: TextFormat) -> str:
    """All of them. One without values is named all the same, so that whoever reads it knows that it exists."""
    lines: list[str] = []
    for metric in metrics:
        lines += _head(metric, form)
        for labels, value in metric.values:
            pairs = dict(zip(metric.labels, labels, strict=True))
            if isinstance(value, HistogramView):
                lines += _histogram(metric.name, pairs, value)
            else:
                lines.append(_line(metric.name + _SUFFIX.get(metric.kind, ""), pairs, value))
    if form is TextFormat.OPENMETRICS:
        lines.append("# EOF")
    return "\n".join(lines) + "\n"


_SUFFIX = {MetricKind.COUNTER: "_total", MetricKind.INFO: "_info"}


def _head(metric: Sampled, form: TextFormat) -> Iterator[str]:
    name, kind = metric.name, metric.kind.value
    if form is TextFormat.PROMETHEUS:  # which names what is sampled, and knows no kind of that name
        name += _SUFFIX.get(metric.kind, "")
        kind = "gauge" if metric.kind is MetricKind.INFO else kind
    yield f"# HELP {name} {_escaped(metric.text)}"
    yield f"# TYPE {name} {kind}"
    if form is TextFormat.OPENMETRICS and metric.unit:
        yield f"# UNIT {name} {metric.unit}"


def _histogram(name: str, labels: Mapping[str, str], value: HistogramView) -> Iterator[str]:
    below = 0
    for bound, count in zip((*value.bounds, float("inf")), value.counts, strict=True):
        below += count
        le = "+Inf" if bound == float("inf") else repr(float(bound))
        yield _line(f"{name}_bucket", {**labels, "le": le}, below)
    yield _line(f"{name}_count", labels, below)
    yield _line(f"{name}_sum", labels, value.total)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{_escaped(text, quoted=True)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {_number(value)}" if pairs else f"{name} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) else repr(float(value))


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quoted else text
