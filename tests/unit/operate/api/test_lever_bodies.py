"""What goes with a lever has its defaults, and no field that nobody knows."""

from __future__ import annotations

import msgspec
import pytest

from peerbus.operate.api import BanBody, DialBody, DrainBody, PartBody, ScoreBody


@pytest.mark.parametrize("kind", [BanBody, DrainBody, PartBody])
def test_what_may_be_left_out_has_a_default(kind: type) -> None:
    assert msgspec.json.decode(b"{}", type=kind) == kind()


@pytest.mark.parametrize("kind", [DialBody, ScoreBody])
def test_what_may_not_be_left_out_is_missed(kind: type) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        msgspec.json.decode(b"{}", type=kind)


@pytest.mark.parametrize("kind", [BanBody, DialBody, DrainBody, PartBody, ScoreBody])
def test_a_field_that_nobody_knows_is_refused(kind: type) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"to": "x", "score": 1, "forever": true}', type=kind)
