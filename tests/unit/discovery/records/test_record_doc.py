"""What docs/wire.md says of peer records is what the code does: bytes, bounds and reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peerbus.actors import Capability
from peerbus.discovery.records import record as records
from peerbus.discovery.records.record import PeerRecord, RecordRefused, read_record, sign_record
from peerbus.transports import Endpoint, Identity

DOC = (Path(__file__).parents[4] / "docs" / "wire.md").read_text(encoding="utf-8")
SECTION = DOC.partition("\n## Peer records\n")[2].partition("\n## ")[0]


def test_the_record_that_is_shown_is_the_one_that_is_made() -> None:
    (block,) = re.findall(r"^```hex\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    shown = bytes.fromhex("".join(line.split(";")[0] for line in block.splitlines()))
    made = sign_record(
        Identity.from_seed(b"a" * 32),
        network="demo",
        sequence=1_767_225_600_000,
        expires=1_767_229_200,
        endpoints=[Endpoint.parse("tcp://10.0.0.7:7400")],
        offers=[Capability.parse("archive{from=1000}")],
    )
    assert shown == made.data
    assert isinstance(read_record(shown, network="demo", now=1_767_225_600), PeerRecord)


def test_the_reasons_are_those_of_the_code() -> None:
    reasons = re.findall(r"^\| `(\w+)` \| ", SECTION.partition("| refused as |")[2], re.MULTILINE)
    assert set(reasons) == set(re.findall(r"`(\w+)`", RecordRefused.__doc__ or "")) - {
        "reason",
        "text",
        "node_id",
        "overdue",
    }


def test_the_fields_are_those_of_the_code() -> None:
    for title, struct in (("field", records._Sealed), ("body", records._Body)):
        table = SECTION.partition(f"| {title} | type |")[2].partition("\n\n")[0]
        assert tuple(re.findall(r"^\| `(\w+)` \| ", table, re.MULTILINE)) == struct.__struct_fields__


@pytest.mark.parametrize(
    "number", [records.RECORD_LIMIT, records.MAX_SEQUENCE, int(records.MAX_LIFETIME), int(records.MAX_SKEW)]
)
def test_the_limits_are_those_of_the_code(number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?!,?\d)", SECTION)


def test_the_domain_is_the_one_that_is_written() -> None:
    assert f"`{records.DOMAIN[:-1].decode()}` and a zero byte" in SECTION
    assert records.DOMAIN.endswith(b"\0")
