"""Values become JSON, whatever is in them, and numbers of a query are read with care."""

from __future__ import annotations

import ipaddress
import json
import math

import pytest

from peerbus.operate.api.exchange import ApiAnswer, ApiError, ApiRequest, as_json


def asked(**query: str) -> ApiRequest:
    return ApiRequest("GET", {}, query, {}, b"")


def test_what_json_has_not_is_its_text_and_no_number_is_null() -> None:
    assert json.loads(as_json({"net": ipaddress.ip_network("10.0.0.0/8"), "never": math.inf})) == {
        "net": "10.0.0.0/8",
        "never": None,
    }


def test_a_failure_says_a_word_and_a_text() -> None:
    reply = ApiAnswer.failed(ApiError(409, "already", "it is so"))
    assert (reply.status, json.loads(reply.body)) == (409, {"error": "already", "text": "it is so"})


@pytest.mark.parametrize("text", ["", "-1", "1.5", "١", "9" * 30, "11"])
def test_a_number_that_is_none_or_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="from 0 to 10"):
        asked(n=text).number("n", 3, low=0, high=10)


def test_a_number_that_is_left_out_is_its_default() -> None:
    assert asked().number("n", 3, low=0, high=10) == 3
    assert asked(n="7").number("n", 3, low=0, high=10) == 7
