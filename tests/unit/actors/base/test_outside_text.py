"""Texts and errors from outside, as anybody may print them."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import RemoteError
from peerbus.actors.base.outside_text import printable, printable_error

FORGED = "no\n2026-01-01T00:00:00Z [info     ] all is well\x1b[2J\x85\u2028\u202e"


@pytest.mark.parametrize(
    ("text", "shown"), [("plain, höflich", "plain, höflich"), ("two\nlines", "two\\nlines"), ("\x1b[2J", "\\x1b[2J")]
)
def test_what_is_not_printable_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_whatever_has_passed_can_be_printed_and_passes_again_as_it_is(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


def test_an_error_that_says_nothing_bad_is_the_very_same() -> None:
    error = KeyError("two\nlines, which KeyError escapes by itself")
    error.__cause__ = ValueError("no")
    assert printable_error(error) is error


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001  # with its traceback
        return caught


BAD = {
    "text": lambda: raised(ValueError(FORGED)),
    "remote": lambda: raised(RemoteError(FORGED, FORGED)),
    "cause": lambda: raised(ValueError("no"), raised(ValueError(FORGED))),
    "group": lambda: raised(ExceptionGroup("all", [ValueError("no"), ExceptionGroup(FORGED, [KeyError(1)])])),
    "member": lambda: raised(BaseExceptionGroup("all", [KeyboardInterrupt(FORGED)])),
    "syntax": lambda: raised(SyntaxError(FORGED, (FORGED, 1, 1, FORGED))),
}


@pytest.mark.parametrize("what", BAD)
def test_nothing_in_a_traceback_can_be_taken_for_another_line(what: str) -> None:
    error = BAD[what]()
    error.add_note(f"of {FORGED}")
    shown = printable_error(error)
    assert shown is not error
    text = "".join(traceback.format_exception(shown))
    assert all(line.isprintable() for line in text.splitlines())
    assert not any(line.lstrip(" |").startswith("2026") for line in text.splitlines())
    assert type(error).__name__ in text
    assert "raised" in text  # the frames are there


def test_errors_that_are_contexts_of_each_other_end() -> None:
    one, other = ValueError(FORGED), ValueError("no")
    one.__context__, other.__context__ = other, one
    assert "all is well" in "".join(traceback.format_exception(printable_error(one)))


def test_a_long_chain_is_cut_and_an_error_without_a_text_is_said() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    error: BaseException = Mute()
    for _ in range(1000):
        error = raised(ValueError("no"), error)
    error.add_note(FORGED)
    text = "".join(traceback.format_exception(printable_error(error)))
    assert text.count("ValueError") <= 64
    assert "its text fails" in "".join(traceback.format_exception(printable_error(raised(ValueError(FORGED), Mute()))))
