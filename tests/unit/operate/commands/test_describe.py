"""`peerbus describe` as a person and a CI meet it."""

from __future__ import annotations

import json

import pytest
from command_line import run


def test_each_format_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["describe", "described:archive_node"], capsys)
    assert (status, err) == (0, "")
    assert out.startswith("# store\n")
    status, out, _ = run(
        ["describe", "--format", "asyncapi", "described:archive_node", "--program-version", "3"], capsys
    )
    assert (status, json.loads(out)["info"]["version"]) == (0, "3")
    status, out, _ = run(["describe", "--format", "json-schema", "described:Desk"], capsys)
    assert (status, list(json.loads(out)["channels"])) == (0, ["desk"])
    status, out, _ = run(["describe", "--format", "dot", "described:archive_node", "described:desk_node"], capsys)
    assert (status, out.splitlines()[0]) == (0, "digraph peerbus {")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["described:nothing"], "has no 'nothing'"),
        (["--format", "asyncapi", "described:Desk", "described:Archive"], "of one node, and 2 are named"),
        (["--format", "openapi", "described:Desk"], "invalid choice: 'openapi'"),
        ([], "SOURCE"),
    ],
)
def test_what_cannot_be_described_is_said_in_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(["describe", *words], capsys)
    assert (status, out) == (2, "")
    assert why in err
    assert err.count("\n") == 1
