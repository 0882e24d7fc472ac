"""The two headers of W3C Trace Context, as a stranger may write them: believed as far as they are of that form."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import TraceState

from peerbus.operate.tracing.trace_context import MEMBERS, TraceParent, parent_of, state_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_parent_says_which_trace_and_whether_it_is_recorded() -> None:
    assert parent_of(f"00-{TRACE}-{SPAN}-01") == TraceParent(int(TRACE, 16), int(SPAN, 16), sampled=True)
    found = parent_of(f"00-{TRACE}-{SPAN}-fe")
    assert found is not None
    assert not found.sampled


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE[:-1]}\u0661-{SPAN}-01",
    ],
)
def test_what_is_no_parent_is_none(text: str) -> None:
    assert parent_of(text) is None


def test_a_state_is_its_members_in_order() -> None:
    assert state_of("rojo=00f067aa0ba902b7, congo=t61rcWkgMzE ,,1a@b=x y") == [
        ("rojo", "00f067aa0ba902b7"),
        ("congo", "t61rcWkgMzE"),
        ("1a@b", "x y"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "no value",
        "A=b",
        "a=b,a=c",
        "a=\x1b[2J",
        "a=b\nc",
        "a=é",
        "a==",
        f"{'k' * 257}=v",
        f"a={'v' * 257}",
        ",".join(f"k{place}=v" for place in range(MEMBERS + 1)),
    ],
)
def test_of_a_state_that_is_malformed_nothing_is_kept(text: str) -> None:
    assert state_of(text) == []


@given(st.text(max_size=600))
def test_whatever_comes_the_library_has_nothing_to_say_of_what_is_kept(text: str) -> None:
    parent_of(text)
    kept = state_of(text)
    logger = logging.getLogger("opentelemetry.trace.span")
    heard: list[logging.LogRecord] = []

    def hear(record: logging.LogRecord) -> bool:
        heard.append(record)
        return False

    logger.addFilter(hear)
    try:
        assert len(TraceState(kept)) == len(kept)
    finally:
        logger.removeFilter(hear)
    assert heard == []
