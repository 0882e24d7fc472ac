"""What is written on a terminal, or not: colours, width, and text that means no good."""

from __future__ import annotations

import io
import json
import os
import pty

import pytest

from peerbus.operate.commands.terminal import Colour, Terminal, columns_of, cut
from peerbus.operate.output import UNREAD

EVIL = "a\x1b[2J\x07\r\nb\x9b31m\u202etxt\u200d\ud800"


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_only_and_no_color_turns_them_off() -> None:
    assert Terminal(Screen(), {}).paint("up", Colour.GOOD) == "\x1b[32mup\x1b[0m"
    for terminal in (
        Terminal(io.StringIO(), {}),
        Terminal(Screen(), {"NO_COLOR": "1"}),
        Terminal(Screen(), {"TERM": "dumb"}),
    ):
        assert terminal.paint("up", Colour.GOOD) == "up"


def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert Terminal(Screen(), {}).columns == 90
    assert Terminal(io.StringIO(), {}).columns is None
    monkeypatch.setenv("COLUMNS", "3")
    assert Terminal(Screen(), {}).columns == 40


def test_json_has_no_character_that_a_terminal_obeys_and_is_the_same_value() -> None:
    stream = io.StringIO()
    value = {"a": EVIL.replace("\ud800", ""), "b": ["\U000e0001", "é"]}
    Terminal(stream).say_json(value)
    text = stream.getvalue()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == value
    Terminal(stream := io.StringIO()).say_json(value, indent=0)
    assert stream.getvalue().count("\n") == 1


def test_what_the_alphabet_of_the_stream_has_not_is_spelled_or_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Terminal(stream).say("é → b")
    assert raw.getvalue() == b"\\xe9 > b\n"


def test_where_nobody_reads_any_more_it_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream, pytest.raises(SystemExit) as ended:
        Terminal(stream).say("x")
    assert ended.value.code == UNREAD


def test_a_disk_that_is_full_is_said_and_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w") as stream, pytest.raises(SystemExit) as ended:
        Terminal(stream).say("x")
    assert ended.value.code == 1
    assert "not written: No space left on device" in capsys.readouterr().err


def test_a_real_terminal_is_known_as_one() -> None:
    ours, theirs = pty.openpty()
    with open(theirs, "w") as stream, open(ours, "rb"):
        assert Terminal(stream, {}).colours


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("世界", 4, "世界"),
        ("世界人", 4, "世…"),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
    ],
)
def test_a_text_is_cut_to_its_columns(text: str, columns: int, shown: str) -> None:
    assert cut(text, columns) == shown
    assert columns_of(shown) <= columns


def test_json_is_json_in_any_alphabet_and_the_same_value() -> None:
    value = {"é": "…", "b": "\U0001f680", "c": 1}
    for alphabet in ("ascii", "latin-1", "utf-8"):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=alphabet)
        Terminal(stream).say_json(value)
        assert json.loads(raw.getvalue().decode(alphabet)) == value


def test_what_is_left_out_is_shown_in_one_column_in_any_alphabet() -> None:
    assert [Terminal(io.TextIOWrapper(io.BytesIO(), encoding=each)).more for each in ("ascii", "utf-8")] == ["~", "…"]
