from __future__ import annotations

import sys

import pytest

from peerbus.node.workers.tracing import TRACING_MODULE, worker_tracing


def test_where_it_is_not_installed_the_worker_goes_without_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = worker_tracing("crunch")
    assert made is not None
    assert made.tracer_for("n").sending("ask", None, None, 1.0) is None
    monkeypatch.setitem(sys.modules, TRACING_MODULE, None)
    assert worker_tracing("crunch") is None
    assert "pip install 'peerbus[otel]'" in caplog.text
