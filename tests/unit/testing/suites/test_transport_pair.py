"""The steps that checks of a transport are made of."""

from __future__ import annotations

import asyncio

import pytest
from flawed_transports import ACCEPTOR, DIALER, flawed

from peerbus.actors.base.errors import DialFailed, StreamClosed
from peerbus.testing.suites.transport_pair import (
    closing,
    connected,
    dial,
    dial_and_be_heard,
    ends,
    listening,
    read_exactly,
    talk,
    until_broken,
)


async def test_both_ends_of_a_stream_are_there_and_closed_in_the_end() -> None:
    with flawed() as pair:
        async with connected(pair) as (dialed, accepted):
            assert (dialed.peer_id, accepted.peer_id) == (ACCEPTOR.node_id, DIALER.node_id)
            await talk(dialed, accepted)
        for stream in (dialed, accepted):
            with pytest.raises(StreamClosed):
                stream.write(b"x")


async def test_a_listener_is_closed_in_the_end_or_at_once() -> None:
    with flawed() as pair:
        async with (
            listening(pair) as listener,
            closing(await dial(pair, listener)),
            closing(await listener.accept()),
        ):
            pass
        with pytest.raises(DialFailed):
            await dial(pair, listener)
        async with connected(pair, close_listener=True) as (dialed, accepted):
            await talk(accepted, dialed)


async def test_reading_exactly_says_what_is_missing_or_too_much() -> None:
    with flawed() as pair:
        async with connected(pair) as (dialed, accepted):
            dialed.write(b"12345")
            with pytest.raises(AssertionError, match="3 bytes too many"):
                await read_exactly(accepted, 2)
            dialed.write(b"12345")
            await dialed.aclose()
            with pytest.raises(AssertionError, match="ended 2 bytes early"):
                await read_exactly(accepted, 7)


async def test_the_end_of_the_other_side_is_waited_for_by_reading_and_by_writing() -> None:
    with flawed() as pair:
        async with connected(pair) as (dialed, accepted):
            dialed.write(b"last")
            await dialed.aclose()
            await until_broken(accepted)
            await ends(accepted)


async def test_the_stream_that_stays_is_heard_behind_those_that_were_given_up() -> None:
    with flawed() as pair:
        async with listening(pair) as listener:
            (await dial(pair, listener)).abort()
            await asyncio.wait_for(dial_and_be_heard(pair, listener), 20)
