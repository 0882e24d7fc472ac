"""The route that Prometheus scrapes."""

from __future__ import annotations

from ...node.views import NodeViews
from ..api import ApiAnswer, ApiRequest, readiness_of
from ..metrics import Seen, TextFormat, format_of, metrics_of, metrics_text
from .route import ApiRoute

__all__ = ["SCRAPING"]


async def metrics(node: NodeViews, request: ApiRequest) -> ApiAnswer:
    """All metrics, in the format that the caller prefers."""
    form = format_of(request.headers.get("accept", ""))
    # Of what a snapshot lists nothing is needed.
    seen = Seen(node.snapshot(0), node.version, readiness_of(node).ready)
    return ApiAnswer(200, metrics_text(metrics_of(seen), form).encode(), form.value, {"vary": "accept"})


SCRAPING = (
    ApiRoute(
        "GET",
        "/metrics",
        metrics,
        "The metrics of the node, for Prometheus: as its own text, or by `Accept` as OpenMetrics.",
        media=TextFormat.PROMETHEUS.value,
        other_media=(TextFormat.OPENMETRICS.value,),
    ),
)
