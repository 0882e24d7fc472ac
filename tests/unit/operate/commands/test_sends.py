"""`peerbus tell` and `peerbus ask`: a message as JSON goes where its address says, and the answer is printed."""

from __future__ import annotations

import asyncio
import io
import json
import sys

import pytest
from administered import Place
from command_line import run


async def sent(place: Place, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """A command for the node of that place, whose words may have blanks."""
    patient = [] if "--timeout" in words else ["--timeout", "30"]
    return await asyncio.to_thread(run, [*words, "--node", str(place.socket), *patient], capsys)


async def test_an_answer_is_printed_as_json(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ask", "bus://local/blocks", "Get", '{"height": 7}']
    status, out, err = await sent(place, capsys, *words)
    assert (status, err) == (0, "")
    assert json.loads(out) == {"height": 7, "hint": ""}
    assert (await sent(place, capsys, *words, "--json"))[1] == '{"height":7,"hint":""}\n'


async def test_a_message_is_told_and_may_come_by_standard_input(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"height": 7}'))
    assert await sent(place, capsys, "tell", "bus://local/blocks", "Get", "-") == (0, "handed over\n", "")
    assert await sent(place, capsys, "tell", "bus://local/blocks", "Wait", "--json") == (0, '{"sent":true}\n', "")
    assert place.node.bus.ledger().local["blocks"].sent == 2


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["blocks", "Get"], 2, "ADDRESS is not an address: 'blocks'"),
        (["bus://local/blocks", "Put"], 2, "blocks has no message 'Put'; it has Get, Wait"),
        (["bus://local/blocks", "Get"], 2, "required field `height`"),
        (["bus://local/blocks", "Get", "7"], 2, "MESSAGE is no JSON object"),
        (["bus://local/blocks", "Get", "{"], 2, "MESSAGE is no JSON object"),
        (["bus://local/blocks", "Get", "{}", "--timeout", "0"], 2, "--timeout"),
        (["bus://local/nobody", "Get"], 1, "this node knows no channel 'nobody'"),
        (["bus://local/blocks", "Get", '{"height": -1}'], 1, "there is no such block"),
        (["bus://role:index/blocks", "Get", '{"height": 1}'], 1, "was not sent"),
        (["bus://role:index/blocks", "Get", '{"height": 1}'], 1, "; --wait waits for one\n"),
        (["bus://role:index/blocks", "Get", '{"height": 1}', "--wait", "--timeout", "50ms"], 1, "before its deadline"),
    ],
)
async def test_what_cannot_be_sent_or_fails_is_one_line(
    words: list[str], status: int, why: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = await sent(place, capsys, "ask", *words)
    assert (ended, out) == (status, "")
    assert why in err
    assert err.count("\n") == 1


async def test_of_several_peers_each_is_told_of_and_one_that_fails_is_an_exit_status(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    to = "bus://role:archive/blocks?pick=all"
    status, out, err = await sent(place, capsys, "ask", to, "Get", '{"height": 7}')
    assert (status, err) == (0, "")
    assert json.loads(out)["answers"] == {"local": {"height": 7, "hint": ""}}
    assert await sent(place, capsys, "tell", to, "Get", '{"height": 7}') == (0, "handed over to 1 peer\n", "")
    status, out, err = await sent(place, capsys, "ask", to, "Get", '{"height": -7}')
    assert status == 1
    assert json.loads(out)["errors"]["local"]["error"] == "handler_failed"
    assert err == "peerbus ask: local: ValueError: there is no such block\n"
