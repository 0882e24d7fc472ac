"""The types of answers are those that the API tells of."""

from __future__ import annotations

import typing

from peerbus.operate.admin import ROUTES
from peerbus.operate.client import answers


def test_what_a_client_reads_is_what_a_route_answers_with() -> None:
    told: set[object] = set()
    for route in ROUTES:
        kinds = [route.answer, *typing.get_args(route.answer)]
        for kind in filter(lambda each: isinstance(each, type), kinds):
            told |= {kind, *(inner for hint in typing.get_type_hints(kind).values() for inner in typing.get_args(hint))}
    assert [name for name in answers.__all__ if getattr(answers, name) not in told] == []
