"""13.7.5: no key, no token and nothing of what messages say is shown, whatever is asked for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from pathlib import Path

import pytest
from admin_client import call, connected, request

from peerbus.actors import LOCAL, Channel, Message, Reactor, RemoteError, Role, SendError, handles
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.admin import ROUTES
from peerbus.transports import Identity

#: Stands in each message, answer, error and secret; and in nothing that is shown.
CANARY = "canary-5c1e"


class Note(Message):
    text: str


class Never(Message):
    text: str


class Birds(Reactor):
    channel = Channel("birds", messages=(Note, Never), mailbox=2)

    @handles(Note)
    async def note(self, note: Note) -> str:
        match note.text.partition(" ")[2]:
            case "raises":
                raise ValueError(note.text)
            case "refuses":
                raise RemoteError("refused", note.text)
            case "wrong":
                return 7  # type: ignore[return-value]  # on purpose
        return note.text

    @handles(Never)
    async def never(self, never: Never) -> None:
        await asyncio.Event().wait()


async def sing(node: Node) -> None:
    """Send what is answered, fails, is dropped, waits, and is never read, all with the canary in it."""
    for what in ("answers", "raises", "refuses", "wrong"):
        with contextlib.suppress(RemoteError, SendError):
            await node.ask(LOCAL / "birds", Note(f"{CANARY} {what}"), reply=str, timeout=20.0)
    with contextlib.suppress(SendError):
        await node.tell(LOCAL / "birds", f"{CANARY} of no channel")
    with contextlib.suppress(SendError):
        await node.tell(LOCAL / "nobody", Note(CANARY))
    await node.tell(LOCAL / "birds", Note(f"{CANARY} raises"))


async def test_5_no_key_token_or_content_is_in_any_answer_event_metric_page_or_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    identity, token = Identity.generate(), tmp_path / "token"
    token.write_text(f"{CANARY}-token-of-the-node\n")
    token.chmod(0o600)
    admins = [Admin(str(tmp_path / "alice.sock")), Admin("http://127.0.0.1:0", token=token)]
    shown: dict[str, bytes] = {}
    async with (
        Node("bob", listen=["tcp://127.0.0.1:0"], offers={"birds"}, reactors=[Birds], shutdown_timeout=0.1) as bob,
        Node(
            "alice",
            identity=identity,
            peers=bob.endpoints,
            reactors=[Birds],
            extensions=admins,
            shutdown_timeout=0.1,
        ) as alice,
    ):
        await sing(alice)
        # What stands in queues, here and on the way to a peer.
        waiting = [asyncio.ensure_future(alice.ask(LOCAL / "birds", Never(CANARY), timeout=60.0)) for _ in range(6)]
        far = Role("birds") / "birds"
        waiting += [
            asyncio.ensure_future(alice.ask(far, Never(CANARY), timeout=60.0, wait_for_peer=True)) for _ in range(6)
        ]
        for _ in range(20):
            await asyncio.sleep(0)
        body = {"to": "bus://local/birds", "type": "Note", "message": {"text": CANARY}, "timeout": 0.05}
        await call(admins[0], "POST", "/v1/ask", body)
        await call(admins[0], "POST", "/v1/tell", {**body, "message": {"text": 7, CANARY: CANARY}})
        for route in ROUTES:
            if route.verb != "GET":
                continue
            path = re.sub(r"\{\w+\}", "birds" if "actors" in route.path else bob.node_id, route.path)
            if route.media == "text/event-stream":
                path += "?follow=false" if "follow" in {each.name for each in route.query} else ""
            shown[path] = await all_of(admins[0], path)
        port = admins[1].address
        assert port is not None
        shown["/"] = (await call(admins[1], "GET", "/", Host=port.removeprefix("http://"))).body
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert len(shown) > 15
    identity.save(tmp_path / "key.pem")
    secrets = [CANARY, (tmp_path / "key.pem").read_text().splitlines()[1]]
    for place, text in shown.items():
        for secret in secrets:
            assert secret.encode() not in text, f"{place} shows {secret}: {text[:2000]!r}"
    for record in caplog.records:
        # What a handler has raised is the program's own to say: its text, and the traceback, stand in the log.
        said = "" if record.getMessage().startswith("handler failed") else record.getMessage()
        for secret in secrets:
            assert secret not in said


async def all_of(admin: Admin, path: str) -> bytes:
    """What is answered; of what goes on for ever the beginning."""
    async with asyncio.timeout(30), connected(admin) as (reader, writer):
        writer.write(request("GET", path))
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head.lower())
        return await (reader.readexactly(int(found[1])) if found else reader.read(1 << 20))
