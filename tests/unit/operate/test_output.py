"""What could not be written goes nowhere; a full disk is said and fails, a reader that has gone is a status alone."""

from __future__ import annotations

import io
import os

import pytest

from peerbus.operate.output import SPELLED, UNREAD, flushed, spell_out


def test_what_was_written_is_no_failure() -> None:
    with open(os.devnull, "w") as stream:
        stream.write("x")
        assert flushed(stream) == 0


def test_no_output_and_one_that_is_closed_have_nothing_left() -> None:
    with open(os.devnull, "w") as stream:
        pass
    assert (flushed(None), flushed(stream)) == (0, 0)


def test_a_full_disk_is_said_once_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w") as stream:
        stream.write("x")
        assert flushed(stream) == 1
        assert flushed(stream) == 0  # what was left went nowhere
    assert capsys.readouterr().err == "peerbus: the output was not written: No space left on device\n"


def test_a_reader_that_has_gone_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:
        stream.write("x")
        assert flushed(stream) == UNREAD
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("alphabet", "written"), [("ascii", b"a... - \\xfc"), ("latin-1", b"a... - \xfc")])
def test_what_an_alphabet_lacks_is_spelled_by_what_it_has(alphabet: str, written: bytes) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=alphabet)
    spell_out(stream, None)
    stream.write("a… – ü")
    stream.flush()
    assert raw.getvalue() == written


def test_a_drawing_keeps_its_columns() -> None:
    assert "┌─┐│█▏".encode("ascii", SPELLED) == b"+-+|#|"


def test_who_has_said_how_to_write_what_an_alphabet_lacks_is_obeyed() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="xmlcharrefreplace")
    spell_out(stream)
    stream.write("ü")
    stream.flush()
    assert raw.getvalue() == b"&#252;"


def test_a_full_disk_is_found_at_the_end_and_not_before() -> None:
    with open("/dev/full", "w") as stream:
        stream.write("x")
        spell_out(stream)
        assert flushed(stream) == 1
