"""Capabilities: roles with attributes, and their text form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Capability

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,30}", fullmatch=True)
VALUES = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=10)


@given(NAMES, st.dictionaries(NAMES, VALUES, max_size=3))
def test_the_text_form_is_read_back(role: str, attributes: dict[str, str]) -> None:
    capability = Capability(role, attributes)
    again = Capability.parse(str(capability))
    assert again == capability
    assert hash(again) == hash(capability)
    assert dict(again.attributes) == attributes


def test_attributes_have_one_order_and_cannot_be_changed() -> None:
    given_attributes = {"b": "2", "a": "1"}
    capability = Capability("archive", given_attributes)
    given_attributes["c"] = "3"
    assert str(capability) == "archive{a=1,b=2}"
    assert capability == Capability("archive", {"a": "1", "b": "2"}) != Capability("archive")
    with pytest.raises(TypeError):
        capability.attributes["d"] = "4"  # type: ignore[index]  # the mistake


def test_a_malformed_attribute_is_told_how_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"attribute 'lang:de'; write name=value: archive\{from=1000\}"):
        Capability.parse("words{lang:de}")
    with pytest.raises(ValueError, match="it has 'a' twice"):
        Capability.parse("archive{a=1,a=2}")


@pytest.mark.parametrize(
    "text",
    ["", "Archive", "archive{", "archive{a}", "archive{a=1,a=2}", "archive{A=1}", "a{b=c=d}", "a{b=\n}", "a" * 64],
)
def test_what_is_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        Capability.parse(text)


def test_what_does_not_fit_an_mdns_string_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 200 bytes"):
        Capability("archive", {"note": "x" * 200})
