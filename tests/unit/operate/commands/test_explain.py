"""`peerbus explain` shows cause and cure from what is installed."""

from __future__ import annotations

import pytest

from peerbus.operate.cli import main


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(["explain", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_an_error_is_shown_with_cause_and_cure(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("noroute", capsys=capsys)
    assert (status, err) == (0, "")
    assert out.startswith("NoRoute  (errors#noroute)\n\nCause. No connected peer answers to that address.")
    assert "Cure. `peerbus peers` shows" in out
    assert max(map(len, out.splitlines())) <= 100


def test_of_several_names_each_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("RemoteError", "DeadlineExceeded", "RemoteError", capsys=capsys)
    assert out.count("(errors#remoteerror)") == out.count("(errors#deadlineexceeded)") == 1


def test_a_key_a_metric_and_a_reason_are_a_row_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("peers.max_connected", "peerbus_ready", "deadline_credit", capsys=capsys)
    assert "(configuration#keys)\n\n  `peers.max_connected`\n      type: 1–10000" in out
    assert "  `peerbus_ready`\n      kind: gauge" in out
    assert "what to do: a slow reactor (operate#a-slow-reactor)" in out


def test_without_a_name_it_lists_errors_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys=capsys)
    assert status == 0
    assert "NoRoute, " in out
    assert "\n  operate " in out


def test_what_it_does_not_know_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("NoRuote", capsys=capsys) == (
        2,
        "",
        "peerbus explain: no page knows 'NoRuote'; did you mean 'NoRoute'?\n",
    )
