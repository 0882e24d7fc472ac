"""A word that is none is refused with the one that was probably meant."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from peerbus.actors.base import did_you_mean, nearest, spelled


@pytest.mark.parametrize(
    ("word", "found"),
    [("archve", "archive"), ("ARCHIVE", "archive"), ("max-known", "max_known"), ("zebra", None), ("", None)],
)
def test_the_nearest_word_is_found_whatever_its_case_and_its_dashes(word: str, found: str | None) -> None:
    assert nearest(word, ["archive", "blocks", "max_known"]) == found


def test_the_end_of_a_sentence_names_it_or_says_something_else() -> None:
    assert did_you_mean("blcoks", ["blocks"]) == "; did you mean 'blocks'?"
    assert did_you_mean("zebra", ["blocks"]) == ""
    assert did_you_mean("zebra", ["blocks"], otherwise="; known here: blocks") == "; known here: blocks"


@spelled
@dataclass
class Window:
    """What somebody writes."""

    items: int = 1
    size_bytes: int = 2

    def __post_init__(self) -> None:
        if self.items < 0:
            int("1", bas=2)  # type: ignore[call-overload]


def test_a_constructor_names_the_argument_that_was_meant() -> None:
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'itms'\. Did you mean 'items'\?$"):
        Window(itms=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'zebra'$"):
        Window(zebra=3)  # type: ignore[call-arg]
    assert Window(3, size_bytes=4) == Window(items=3, size_bytes=4)


def test_what_a_constructor_calls_may_fail_in_its_own_words() -> None:
    with pytest.raises(TypeError) as raised:
        Window(-1)
    python_says_so = sys.version_info >= (3, 13)
    assert str(raised.value).count("Did you mean") == python_says_so
    with pytest.raises(TypeError, match="positional argument"):
        Window(1, 2, 3)  # type: ignore[call-arg]
