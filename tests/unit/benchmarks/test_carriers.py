"""The table of what carriers cost: what was measured, and by which command the rest is."""

from __future__ import annotations

from benchmark_runs import a_run

from benchmarks.carriers import carriers_table
from benchmarks.results import Results

FOUND = {"ask p50": 50e-6, "in flight": 40_000.0, "one-way": 200_000.0, "large": 300e6}


def with_figures(run: Results, product: str) -> Results:
    run.rounds[:] = [{product: FOUND} for _ in run.rounds]
    return run


def test_each_carrier_is_a_line_of_what_was_measured_or_says_how_it_is() -> None:
    run = with_figures(a_run((4.0, 1.0)), "peerbus.unix")
    lines = carriers_table(run, None).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["`tcp`", "`unix`", "`libp2p+tcp`", "`nats`"]
    unix = [cell.strip() for cell in lines[3].split("|")[2:-1]]
    assert unix == ["50.0 µs", "40.0 k/s", "200 k/s", "300 MB/s", run.started]
    assert lines[2].split("|")[-2].strip() == "by `make bench`"
    assert lines[5].split("|")[-2].strip() == "by `make bench-peers`"


def test_nats_is_measured_beside_the_peers() -> None:
    peers = with_figures(a_run((4.0, 1.0)), "peerbus.nats")
    assert "50.0 µs" in carriers_table(None, peers).splitlines()[-1]
    assert "50.0 µs" not in carriers_table(peers, None)
