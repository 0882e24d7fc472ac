"""What could not be written goes nowhere; a full disk is said and fails, a reader that has gone is a status alone."""

from __future__ import annotations

import os

import pytest

from peerbus.operate.output import UNREAD, flushed


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
