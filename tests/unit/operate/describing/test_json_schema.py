"""One schema for each message and each answer, each of which stands alone."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from peerbus.node.schema.spoken import spoken_by
from peerbus.operate.describing import json_schemas


def test_each_message_and_answer_of_what_others_can_send_has_a_schema() -> None:
    channels = json_schemas([spoken_by("described:archive_node"), spoken_by("described:desk_node")])["channels"]
    assert list(channels) == ["archive", "desk", "hash"]  # and not what stays on its node
    archive = channels["archive"]
    assert list(archive["messages"]) == ["GetBlock", "GetRange", "Forget", "Block"]
    assert list(archive["answers"]) == ["GetBlock", "GetRange"]
    for schema in (*archive["messages"].values(), *archive["answers"].values()):
        Draft202012Validator.check_schema(schema)
    assert archive["messages"]["GetBlock"]["title"] == "GetBlock"
    assert archive["messages"]["GetBlock"]["description"].startswith("One block, or None")
    answer = Draft202012Validator(archive["answers"]["GetBlock"])
    assert answer.is_valid(None)
    assert answer.is_valid({"height": 7, "items": [{"key": "a", "size": 1}], "data": "AAE="})
    assert not answer.is_valid({"items": []})
    assert not Draft202012Validator(archive["answers"]["GetRange"]).is_valid(None)
