"""`peerbus events`: the last that happened, what happens from now on, and what its words mean no harm."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import pytest
from admin_client import PATIENCE
from administered import Place
from command_line import asked

from peerbus.discovery import PeerBanned, PeerDown, PeerUnbanned
from peerbus.discovery.facts import Ban


async def happened(place: Place, *events: object) -> None:
    """These have happened, and are kept."""
    reader = place.node.events.follow(place.node.events.last)
    for event in events:
        place.node.bus.publish(event)
    await reader.read()


def down(number: int) -> PeerDown:
    return PeerDown(f"{number:064x}", f"reason {number}")


async def test_the_last_ones_are_lines(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "events", capsys) == (0, "", "")
    await happened(place, *(down(number) for number in range(30)))
    status, out, err = await asked(place.socket, "events", capsys)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 20
    assert lines[-1].split("  ", 1)[1] == "PeerDown          node_id=0000000000  reason='reason 29'"
    assert len((await asked(place.socket, "events -n 3", capsys))[1].splitlines()) == 3
    assert (await asked(place.socket, "events -n 0", capsys))[1] == ""
    assert len((await asked(place.socket, "events --after 5", capsys))[1].splitlines()) == 25
    assert (await asked(place.socket, "events -n -1", capsys))[0] == 2


async def test_kinds_are_chosen_and_json_is_one_object_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    await happened(place, down(1), PeerUnbanned("a" * 64))
    _, out, _ = await asked(place.socket, "events --json --kinds PeerUnbanned,PeerUp", capsys)
    (said,) = map(json.loads, out.splitlines())
    assert (said["kind"], said["event"]) == ("PeerUnbanned", {"target": "a" * 64})


async def test_a_kind_that_is_none_is_refused_with_the_nearest(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ("events --kinds PeerDwon", "events -f --kinds PeerUp,PeerDwon"):
        status, out, err = await asked(place.socket, words, capsys)
        assert (status, out) == (2, "")
        assert "there is no kind of event 'PeerDwon'; did you mean 'PeerDown'?" in err
    assert "LostMessage" in (await asked(place.socket, "events --kinds no", capsys))[2]


async def test_what_a_peer_has_written_is_shown_and_not_obeyed(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    await happened(place, PeerDown("a" * 64, "\x1b]0;evil\x07\nPeerUp"), PeerBanned(Ban("b" * 64, 1e18, "loud")))
    _, out, _ = await asked(place.socket, "events", capsys)
    first, second = out.splitlines()
    assert "reason=\\x1b]0;evil\\x07\\nPeerUp" in first
    assert f"ban=(target={'b' * 10} " in second


async def test_it_follows_until_it_is_told_to_stop(place: Place) -> None:
    await happened(place, down(1))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "peerbus", "events", "-f", "--json", "--node", str(place.socket)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(2 * PATIENCE):
        assert json.loads(await process.stdout.readline())["number"] == 1
        await happened(place, down(2))
        assert json.loads(await process.stdout.readline())["number"] == 2
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_it_says_that_the_node_has_gone_and_goes_on_when_it_is_back(place: Place) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "peerbus", "events", "-f", "-n", "0", "--node", str(place.socket)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    await happened(place, down(1))
    async with asyncio.timeout(2 * PATIENCE):
        feeding = asyncio.ensure_future(process.stdout.readline())
        while not feeding.done():  # it may not follow yet
            await happened(place, down(2))
            await asyncio.sleep(0.01)
        await place.admin.aclose()
        assert b"waiting for the node" in await process.stderr.readline()
        process.terminate()
        await process.communicate()
    assert process.returncode == 143
