"""A flaw says where, what and how to mend it, and makes its words only when somebody reads them."""

from __future__ import annotations

from peerbus.transports.schema.flaw import Flaw


def test_it_is_told_in_one_line() -> None:
    flaw = Flaw.said("Put.owner", "is required", "give it a default")
    assert (flaw.what, flaw.mend) == ("is required", "give it a default")
    assert str(flaw) == "Put.owner is required; give it a default"


def test_its_words_are_made_when_it_is_told() -> None:
    made: list[str] = []

    def words() -> tuple[str, str]:
        made.append("words")
        return "is wrong", "mend it"

    flaw = Flaw("Put", words)
    assert made == []
    assert str(flaw) == "Put is wrong; mend it"
    assert made
