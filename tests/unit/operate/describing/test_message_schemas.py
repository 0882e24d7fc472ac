"""A schema takes what the message is as JSON, of each type that travels; and refuses what it is not."""

from __future__ import annotations

import json
import math
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from kinds import KINDS
from messages_page import NAMES, TRAVELS

from peerbus.actors.base import ConfigError
from peerbus.operate.api import as_json
from peerbus.operate.describing.message_schemas import DIALECT, draft_7, schema_of, schemas_of


def as_sent(value: object) -> Any:
    """As `peerbus ask` takes and prints it."""
    return json.loads(as_json(value))


@pytest.mark.parametrize(("kind", "value", "wire"), TRAVELS)
def test_each_type_that_travels_has_a_schema_that_takes_it(kind: Any, value: Any, wire: list[str]) -> None:
    if (isinstance(value, float) and not math.isfinite(value)) or kind in (msgspec.Raw, msgspec.msgpack.Ext):
        pytest.skip("it has no form in JSON")
    note = KINDS["message"]("Note", [("before", int), ("field", kind)])
    schema = schema_of(note)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    try:
        payload = as_sent(note(1, value))
    except TypeError as error:
        pytest.skip(f"JSON has no such key: {error}")
    Draft202012Validator(schema).validate(payload)
    Draft7Validator.check_schema(draft_7(schema))
    Draft7Validator(draft_7(schema)).validate(payload)
    assert not Draft202012Validator(schema).is_valid({"field": payload["field"]})  # `before` is missing
    assert not Draft202012Validator(schema).is_valid({**payload, "before": "1"})


RANDOM = msgspec.defstruct(
    "Random",
    [
        ("item", NAMES["Item"]),
        ("tree", NAMES["Tree"]),
        ("either", NAMES["Add"] | NAMES["Drop"] | None),
        ("named", dict[str, bytes | None]),
        ("row", tuple[UUID, date, Decimal]),
    ],
    frozen=True,
)
SCHEMA = schema_of(RANDOM)
VALIDATORS = (Draft202012Validator(SCHEMA), Draft7Validator(draft_7(SCHEMA)))
random_messages = st.builds(
    RANDOM,
    st.builds(NAMES["Item"], st.integers(-(2**63), 2**64 - 1), st.lists(st.text(), max_size=3)),
    st.recursive(
        st.builds(NAMES["Tree"]),
        lambda inner: st.builds(NAMES["Tree"], st.lists(inner, max_size=2).map(tuple)),
        max_leaves=4,
    ),
    st.one_of(st.none(), st.builds(NAMES["Add"], st.integers(0, 9)), st.builds(NAMES["Drop"], st.integers(0, 9))),
    st.dictionaries(st.text(), st.binary() | st.none(), max_size=3),
    st.tuples(st.uuids(), st.dates(), st.decimals(allow_nan=False)),
)


@given(random_messages)
def test_payloads_of_random_messages_pass(message: object) -> None:
    payload = as_sent(message)
    for validator in VALIDATORS:
        validator.validate(payload)


def test_a_type_that_has_no_form_in_json_is_named() -> None:
    note = KINDS["message"]("Note", [("field", msgspec.msgpack.Ext)])
    with pytest.raises(ConfigError, match=r"^Note has no form in JSON: .*Ext"):
        schemas_of([int, note], "#/$defs/{name}")


def test_draft_7_has_other_words_and_fields_keep_their_names() -> None:
    assert draft_7(
        {"prefixItems": [{"type": "integer"}], "items": False, "minItems": 1, "discriminator": {"propertyName": "type"}}
    ) == {"items": [{"type": "integer"}], "additionalItems": False, "minItems": 1}
    named = {"properties": {"prefixItems": {"default": {"discriminator": 1}}, "discriminator": {"type": "string"}}}
    assert draft_7(named) == named
