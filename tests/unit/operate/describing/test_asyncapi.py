"""The document is AsyncAPI 3.0.0, as its official JSON Schema has it, and says what the node speaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from peerbus.node.schema.spoken import spoken_by
from peerbus.operate.describing import asyncapi_document

#: Of the package @asyncapi/specs on npm; see the README beside it.
OFFICIAL = Path(__file__).parents[3] / "asyncapi" / "3.0.0.json"


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))


def resolved(document: dict[str, Any], reference: dict[str, str]) -> Any:
    """What a reference into the document means. Raises KeyError where it leads nowhere."""
    found: Any = document
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def references(value: Any) -> list[dict[str, str]]:
    """Every reference in a value."""
    if isinstance(value, dict):
        if "$ref" in value:
            return [value]
        return [each for inner in value.values() for each in references(inner)]
    return [each for inner in value for each in references(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("source", ["archive_node", "desk_node", "Archive", "Desk.channel"])
def test_the_official_schema_takes_it_and_every_reference_leads_somewhere(
    source: str, official: Draft7Validator
) -> None:
    document = json.loads(json.dumps(asyncapi_document(spoken_by(f"described:{source}"), "1.2.3")))
    assert [error.message for error in official.iter_errors(document)] == []
    found = references(document)
    assert found
    for each in found:
        resolved(document, each)


def test_the_official_schema_refuses_what_is_wrong(official: Draft7Validator) -> None:
    document = asyncapi_document(spoken_by("described:archive_node"), "1.2.3")
    document["operations"]["archive.GetBlock"]["action"] = "answer"
    assert not official.is_valid(document)


def test_what_a_node_runs_it_receives_and_answers() -> None:
    document = asyncapi_document(spoken_by("described:archive_node"), "1.2.3")
    assert document["info"]["title"] == "store"
    assert list(document["channels"]) == ["archive", "archive.answers", "hash", "hash.answers"]
    assert document["servers"] == {"tcp-1": {"host": "127.0.0.1:7411", "protocol": "peerbus+tcp"}}
    assert document["x-peerbus-offers"] == ["archive{from=0}"]
    assert document["x-peerbus-requires"] == [{"role": "archive", "at_least": 2, "share": 0.0}]
    assert sorted(document["operations"]) == ["archive.Forget", "archive.GetBlock", "archive.GetRange", "hash.Hash"]
    ask = document["operations"]["archive.GetBlock"]
    assert (ask["action"], ask["summary"]) == ("receive", "One block, or None where there is none.")
    assert ask["x-peerbus-idempotent"] is True
    answer = resolved(document, resolved(document, ask["reply"]["messages"][0]))
    assert answer["summary"] == "What answers a GetBlock."
    assert {"type": "null"} in answer["payload"]["anyOf"]
    stream = document["operations"]["archive.GetRange"]
    assert stream["x-peerbus-stream"] is True
    assert "reply" not in document["operations"]["archive.Forget"]
    assert document["channels"]["archive"]["x-peerbus-window"]["messages"] == 32


def test_what_a_node_only_talks_to_it_sends() -> None:
    operations = asyncapi_document(spoken_by("described:desk_node"), "1.2.3")["operations"]
    assert {name: each["action"] for name, each in operations.items()} == {
        "desk.Open": "receive",
        "archive.GetBlock": "send",
        "archive.GetRange": "send",
        "archive.Forget": "send",
        "archive.Block": "send",
    }
