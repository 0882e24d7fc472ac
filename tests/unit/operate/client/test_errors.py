"""What comes of a request is told apart by type, and all of it is one kind."""

from __future__ import annotations

import pickle

import pytest

from peerbus.actors import PeerbusError
from peerbus.operate.client import AdminError, AnswerMalformed, NodeNotFound, NodeNotReached, RequestRefused


@pytest.mark.parametrize(
    "error",
    [
        NodeNotFound("none"),
        NodeNotReached("gone", "broken"),
        AnswerMalformed("strange"),
        RequestRefused("no", status=409, reason="not_banned"),
    ],
)
def test_each_is_an_admin_error_of_the_bus_and_keeps_what_it_carries(error: AdminError) -> None:
    assert isinstance(error, PeerbusError)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # it is our own
    assert (str(copy), vars(copy)) == (str(error), vars(error))
