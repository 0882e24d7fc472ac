"""docs/wire.cddl, read by a tool for CDDL (RFC 8610): it takes what the decoder takes, and nothing that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest
from cddl_verifier import Validator, schema_diagnostics  # type: ignore[import-untyped]  # it has no types
from wire_examples import EXAMPLES
from wire_later import bad_later, later
from wire_vectors import bad_frames

from peerbus.transports.wire.frame_encoder import FrameEncoder

GRAMMAR = Path(__file__).parents[4] / "docs" / "wire.cddl"
#: What no grammar says: that two items of a list are not the same.
UNIQUE = {"HELLO with a role twice", "HELLO with a channel twice", "a feature twice"}
REFUSED = bad_frames() + bad_later()


@pytest.fixture(scope="module")
def grammar() -> Validator:
    return Validator(GRAMMAR)


def value_of(body: bytes) -> Any:
    return msgpack.unpackb(body, strict_map_key=False)


def test_it_is_a_grammar_without_a_flaw() -> None:
    assert schema_diagnostics(GRAMMAR) == ()


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_a_frame_that_is_written_is_one(grammar: Validator, number: int) -> None:
    result = grammar.validate(value_of(FrameEncoder().encode(EXAMPLES[number])[4:]), root_type="frame")
    assert result.errors == ()


@pytest.mark.parametrize("case", later(), ids=lambda case: case["why"])
def test_what_later_versions_may_send_is_one(grammar: Validator, case: dict[str, str]) -> None:
    result = grammar.validate(value_of(bytes.fromhex(case["body"])), root_type="frame")
    assert result.errors == ()


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["why"])
def test_what_is_refused_is_none(grammar: Validator, case: dict[str, str]) -> None:
    try:
        value = value_of(bytes.fromhex(case["body"]))
    except ValueError:
        return  # no MessagePack
    assert grammar.validate(value, root_type="frame").valid == (case["why"] in UNIQUE)
