"""Coming into a network that is not open: by the rules, on a new stream, before either side says HELLO."""

from __future__ import annotations

import secrets

from ...actors.base import StreamBroken, wall_clock
from ..admission import NONCE_SIZE, Credentials, Entry, EntryRules, EntryState
from ..streams import Stream
from ..wire import why_turned_away

__all__ = ["enter"]


async def enter(stream: Stream, rules: EntryRules, *, own_id: str, dialed: bool) -> tuple[Credentials, bytes]:
    """By what right the peer comes in, and bytes that came behind what it has shown. The caller keeps the time.

    Raises: HandshakeFailed (`.by_peer`: the peer refuses), ProtocolError, StreamBroken.
    """
    rules.judge_id(stream.peer_id)
    if not rules.demand:
        assert stream.peer_id is not None  # where a list alone decides, only who is proven comes so far
        return Credentials(node_id=stream.peer_id, proven=True), b""
    entry = Entry(
        rules,
        dialer=dialed,
        own_id=own_id,
        peer_id=stream.peer_id,
        nonce=secrets.token_bytes(NONCE_SIZE),
        now=wall_clock(),
    )
    stream.write(entry.start())
    while entry.credentials is None:
        data = await _read(stream, entry)
        if said := entry.receive(data):
            stream.write(said)
        if entry.state is EntryState.TURNED_AWAY:
            refusal, said = None, entry.rest
            while (refusal := why_turned_away(said)) is None:
                said += await _read(stream, entry)
            raise refusal
    return entry.credentials, entry.rest


async def _read(stream: Stream, entry: Entry) -> bytes:
    data = await stream.read()
    if not data:
        raise StreamBroken(f"the peer closed the connection while this side {entry.state.value}")
    return data
