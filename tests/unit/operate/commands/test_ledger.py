"""`peerbus ledger`: every send by channel and side, why it failed, and that it adds up."""

from __future__ import annotations

import json

import pytest
from administered import Blocks, Get, Place
from command_line import asked

from peerbus.actors import LOCAL, NoSuchReactor, RemoteError


async def test_sends_are_told_with_what_became_of_them(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RemoteError):
        await place.node.ask(LOCAL / Blocks, Get(height=-1), timeout=30)
    with pytest.raises(NoSuchReactor):
        await place.node.tell(LOCAL / "nobody", Get(height=1), timeout=30)
    status, out, err = await asked(place.socket, "ledger", capsys)
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "CHANNEL SIDE SENT DELIVERED PENDING FAILED WHY"
    assert "blocks local 1 1 0 0 undone: 1 handler_failed" in lines
    assert "- astray 1 0 0 1 1 no_such_reactor" in lines
    assert lines[-1] == "it adds up: sent = delivered + pending + failed"
    assert json.loads((await asked(place.socket, "ledger --json", capsys))[1])["local"]["blocks"]["sent"] == 1
