"""What one peer may not do here, and what it does not let this node do, as `peerbus permissions --peer` shows it."""

from __future__ import annotations

import json

import pytest
from administered import Blocks
from command_line import asked
from pairs import Pair
from virtual_time import eventually

from peerbus.actors.routing import Purpose
from peerbus.node import Permissions


async def test_what_one_peer_may_not_do_here_and_this_node_not_there_is_shown(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"peer {pair.peer.node_id} (bob)\n"
    status, out, err = await asked(pair.socket, "permissions --peer bob", capsys)
    assert (status, out, err) == (
        0,
        f"{head}  may do everything here, and lets this node do everything there, as far as it says\n",
        "",
    )
    pair.peer.bus.spawn(Blocks)
    link = pair.node.bus.routes.peers[pair.peer.node_id]
    await eventually(lambda: link.has("blocks"))
    assert await pair.node.set_permissions(Permissions(ask=[]))
    assert await pair.peer.set_permissions(Permissions(tell=[]))
    await eventually(lambda: not link.lets("blocks", Purpose.TELL))
    status, out, _ = await asked(pair.socket, "permissions --peer bob", capsys)
    assert out == f"{head}  may not ask on blocks\n  does not let this node tell on blocks\n"
    seen = json.loads((await asked(pair.socket, "permissions --peer bob --json", capsys))[1])
    assert seen == {
        "peer": pair.peer.node_id,
        "refused_here": {"blocks": ["ask"]},
        "refused_there": {"blocks": ["tell"]},
    }
    assert "  does not let this node tell on blocks\n" in (await asked(pair.socket, "peers bob", capsys))[1]
    to = f"bus://{pair.peer.node_id}/blocks"
    status, out, err = await asked(pair.socket, f"tell --wait {to} Wait", capsys)
    assert (status, out) == (1, "")
    assert "does not let this node tell on channel 'blocks'" in err
    status, out, err = await asked(pair.socket, f"permissions --peer {'ab' * 32}", capsys)
    assert (status, out) == (1, "")
    assert "is not connected" in err
