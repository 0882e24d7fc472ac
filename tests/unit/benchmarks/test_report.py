"""The tables say what was measured, what was not and why."""

from __future__ import annotations

import pytest
from benchmark_runs import a_run, row

from benchmarks.cases import slow_name
from benchmarks.markdown import for_peers, for_run
from benchmarks.report import as_text, figure
from benchmarks.rows import peer_rows


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (142e-6, "s", "142 µs"),
        (4.87e-6, "s", "4.87 µs"),
        (10.4e-3, "s", "10.4 ms"),
        (1_014_934.0, "/s", "1.01 M/s"),
        (80_183.0, "/s", "80.2 k/s"),
        (1669.1, "B", "1.63 KiB"),
        (1.5e9, "B/s", "1.50 GB/s"),
        (0.0042e-6, "s", "0.0042 µs"),
    ],
)
def test_figures_show_three_digits_and_a_unit(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_each_row_shows_its_verdict_or_why_it_has_none() -> None:
    results = a_run(*5 * [(400.0, 100.0), (500.0, 100.0)])
    results.missing["gone"] = "it is not there"
    rows = [row(), row("gone", case="gone")]
    lines = as_text(results, rows).splitlines()
    assert "4.50 ×" in next(line for line in lines if line.startswith("  tell"))
    assert next(line for line in lines if line.startswith("  tell")).endswith("met")
    assert next(line for line in lines if line.startswith("  gone")).endswith("missing: it is not there")
    assert lines[-1] == "targets: 1 met"
    page = for_run(results, rows)
    assert "| tell | 450 /s | theirs: 100 /s | 4.50 × (4.00–5.00) | ≥ 3 ×, met |" in page
    assert "| gone | – | theirs: missing: it is not there |  | ≥ 3 × |" in page


def test_a_run_that_was_not_finished_says_so() -> None:
    results = a_run((400.0, 100.0))
    results.complete = False
    assert "the run was not finished" in as_text(results, [row()])


def test_behind_a_slow_receiver_each_product_shows_what_it_lost_and_how_it_grew() -> None:
    results = a_run()
    results.slow = [
        {
            slow_name("zmq.pub", 0.001, 1024): {
                "sent": 1_500_000.0, "failed": 0.0, "delivered": 200_000.0, "lost": 1_300_000.0,
                "sender growth": 1 << 20, "receiver growth": 2 << 20, "recovery": 0.12,
            },
            slow_name("erlang", 0.001, 1024): {
                "sent": 5.0, "failed": 0.0, "delivered": 5.0, "lost": 0.0,
                "sender growth": 0, "receiver growth": 1 << 30, "stopped": 1.4,
            },
        }
    ]  # fmt: skip
    results.crashes[slow_name("grpc", 0.001, 1024)] = "no figures after 60 s"
    for text in (as_text(results, peer_rows()), for_peers(results, peer_rows())):
        lines = text.splitlines()
        start = next(place for place, line in enumerate(lines) if "takes 1 ms for each message of 1 KiB" in line)
        pub, grpc, erlang = (
            next(line for line in lines[start:] if name in line.split("**")[0])
            for name in ("PUB/SUB", "grpc", "Erlang")
        )
        assert "1 300 000" in pub
        assert "0.1 s" in pub
        assert "crashed: no figures after 60 s" in grpc
        assert "sender stopped after 1.4 s: memory" in erlang
