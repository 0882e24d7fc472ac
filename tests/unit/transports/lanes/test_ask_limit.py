"""Asks in flight are counted by their answers, whatever these are."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peerbus.transports.lanes.ask_limit import AskLimit
from peerbus.transports.lanes.remote_reply import RemoteReply


class Answers:
    """Where they go; keeps what came."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.now = lambda: 7.0

    def answer(self, reply: object, value: object) -> None:
        self.came.append(f"answer {value}")

    def answer_error(self, reply: object, code: str, text: str) -> None:
        self.came.append(f"error {code}")

    def answer_late(self, reply: object, *, begun: bool) -> None:
        self.came.append(f"late {begun}")

    def error(self, rid: int, channel: int, sequence: int, code: str, text: object) -> None:
        self.came.append(f"refused {rid} {code}")


@pytest.mark.pure("it hands the core what is no answer")
def test_each_end_of_an_ask_frees_its_place_once_and_goes_where_it_would() -> None:
    answers, freed = Answers(), list[int]()
    limit = AskLimit(4, cast("Any", answers)).opened(5)
    limit.freed = lambda: freed.append(limit.open)
    reply = cast("RemoteReply", None)
    limit.answer(reply, 1)
    limit.answer_error(reply, "no", "")
    limit.answer_late(reply, begun=True)
    limit.error(9, 0, 0, "not_allowed", "")
    limit.ended()
    assert answers.came == ["answer 1", "error no", "late True", "refused 9 not_allowed"]
    assert (freed, limit.open, limit.now()) == ([4, 3, 2, 1, 0], 0, 7.0)
