"""Supervision: which values it takes."""

from __future__ import annotations

import pytest

from peerbus.actors import Directive, Supervision


def test_values_out_of_range_are_refused() -> None:
    nan = float("nan")
    numbers = ({"window": nan}, {"backoff": nan}, {"max_backoff": nan}, {"max_backoff": float("inf")})
    for values in ({"budget": -1}, {"window": 0}, {"backoff": -1}, {"max_backoff": 0.01}, *numbers):
        with pytest.raises(ValueError, match="out of range"):
            Supervision(**values)
    for wrong in ({"budget": "5"}, {"window": None}, {"backoff": True}):
        with pytest.raises(TypeError, match="is no number"):
            Supervision(**wrong)
    with pytest.raises(ValueError, match="stop or escalate, not resume"):
        Supervision(then=Directive.RESUME)
