"""Peers that break the rules of a connection: it ends with a reason that both sides have, and others stay."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import msgpack
import pytest
from hostile_scene import BOTH, STRANGER, Desk, Note, Scene, by_memory, charged, desk_info, play
from stranger import Stranger, channel_map
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.actors import Address, Peer
from peerbus.transports.streams.identity import Identity


async def ask_twice(stranger: Stranger) -> None:
    note = msgpack.packb({"number": 1})
    stranger.send("ASK", stranger.index("desk"), [[5, 60_000, 1, 0, note], [5, 60_000, 1, 0, note]])


async def overrun(stranger: Stranger) -> None:
    note = msgpack.packb({"number": 1})
    stranger.send("TELL", stranger.index("desk"), [[1, 0, note]] * 4)
    stranger.send("TELL", stranger.index("desk"), [[1, 0, note]] * 10)


async def overrun_bytes(stranger: Stranger) -> None:
    big = msgpack.packb({"value": bytes(40_000)})
    stranger.send("TELL", stranger.index("desk"), [[2, 0, big], [2, 0, big]])


async def large_bodies(stranger: Stranger) -> None:
    for name in ("big1", "big2", "big3"):
        stranger.send("PART", 2 * stranger.index(name), (15 << 20), bytes(16384))


async def mismatch(stranger: Stranger) -> None:
    body = msgpack.packb([9, 1])
    stranger.send("PART", 2 * stranger.index("desk"), 0, body)


async def wrong_lane(stranger: Stranger) -> None:
    body = msgpack.packb([3, stranger.index("big1"), [[1, 0, b"x"]]])
    stranger.send("PART", 2 * stranger.index("desk"), 0, body)


async def out_of_order(stranger: Stranger) -> None:
    lane = 2 * stranger.index("desk")
    stranger.send("PART", lane, 1000, bytes(1000))
    stranger.send("PART", lane, 700, bytes(200))


def sending(*frames: tuple[Any, ...]) -> Callable[[Stranger], Awaitable[None]]:
    async def send(stranger: Stranger) -> None:
        for each in frames:
            kind, *fields = each
            stranger.send(kind, *fields)

    return send


def writing(data: bytes) -> Callable[[Stranger], Awaitable[None]]:
    async def write(stranger: Stranger) -> None:
        stranger.write(data)

    return write


VIOLATIONS: dict[str, tuple[Callable[[Stranger], Awaitable[None]], str]] = {
    "garbage": (writing(b"\0\0\0\3\xc1\xc1\xc1"), "bad_frame"),
    "empty frame": (writing(b"\0\0\0\0"), "bad_frame"),
    "no array": (writing(b"\0\0\0\1\x05"), "bad_frame"),
    "deeply nested": (writing(struct.pack(">I", 100_000) + b"\x91" * 100_000), "bad_frame"),
    "too large": (writing(struct.pack(">I", (4 << 20) + 1)), "frame_too_large"),
    "unknown kind": (sending((99, 1)), "unknown_kind"),
    "late HELLO": (sending(("WELCOME",)), "unexpected_frame"),
    "late REJECT": (sending(("REJECT", "x", "y")), "unexpected_frame"),
    "unknown channel": (sending(("TELL", 77, [[1, 0, b"x"]])), "unknown_channel"),
    "unknown channel in ASK": (sending(("ASK", 77, [[1, 1000, 1, 0, b"x"]])), "unknown_channel"),
    "unknown channel in REPLY": (sending(("REPLY", 77, [[1, 1, b"x"]])), "unknown_channel"),
    "unknown channel in ERROR": (sending(("ERROR", 1, 77, 0, "x", "y")), "unknown_channel"),
    "unknown channel in CREDIT": (sending(("CREDIT", [[77, 1, 1]])), "unknown_channel"),
    "unknown channel in PROBE": (sending(("PROBE", 0, 77, 1, ["bus://x/y"])), "unknown_channel"),
    "PROBE from nobody": (sending(("PROBE", 0, 0, 1, [])), "bad_field"),
    "PROBE from too many": (sending(("PROBE", 0, 0, 1, ["bus://x/y"] * 65)), "bad_field"),
    "unknown channel in CLOSE": (sending(("CLOSE", 77, "x")), "unknown_channel"),
    "text for a payload": (sending(("TELL", 0, [[1, 0, "text"]])), "bad_field"),
    "no items": (sending(("TELL", 0, [])), "bad_field"),
    "request 0": (sending(("ASK", 0, [[0, 1000, 1, 0, b"x"]])), "bad_field"),
    "source that is not there": (sending(("TELL", 1, [[1, 2, msgpack.packb({"number": 1})]])), "bad_field"),
    "credit out of nothing": (sending(("CREDIT", [[0, 1, 1]])), "credit_overflow"),
    "much credit": (sending(("CREDIT", [[0, 2**32 - 1, 2**32 - 1]])), "credit_overflow"),
    "OPEN of another number": (sending(("OPEN", 5, channel_map("five"))), "unknown_channel"),
    "OPEN of a channel that is open": (sending(("OPEN", 1, channel_map("mine"))), "bad_field"),
    "the same role twice": (sending(("UPDATE", ["x", "x{a=b}"])), "bad_field"),
    "a number twice": (ask_twice, "bad_field"),
    "window": (overrun, "window_overrun"),
    "window in bytes": (overrun_bytes, "window_overrun"),
    "unknown lane": (sending(("PART", 300, 0, b"x")), "unknown_lane"),
    "unknown lane of answers": (sending(("PART", 301, 0, b"x")), "unknown_lane"),
    "part too large": (sending(("PART", 2, 1 << 30, b"x")), "part_too_large"),
    "part too long": (sending(("PART", 2, 0, bytes(16385))), "bad_field"),
    "too many large bodies": (large_bodies, "part_budget"),
    "parts of something else": (mismatch, "part_mismatch"),
    "parts on a wrong lane": (wrong_lane, "part_mismatch"),
    "parts out of order": (out_of_order, "part_out_of_order"),
}


@BOTH
@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_peer_that_breaks_the_rules_is_told_which_and_loses_its_connection(case: str, kind: str) -> None:
    act, reason = VIOLATIONS[case]

    async def script(scene: Scene) -> None:
        desk = scene.node.bus.cell("desk")
        assert desk is not None
        assert isinstance(desk.actor, Desk)
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        if reason in ("window_overrun", "bad_field"):
            desk.actor.gate.clear()
        await act(stranger)
        assert (await stranger.until("GOAWAY"))[1] == reason
        assert await stranger.until("GOAWAY") == ["END"]
        assert log_of_the_loop().reasons("peer broke the protocol") == [reason]
        await eventually(lambda: charged(scene.node) == 1)  # whichever rule it was
        desk.actor.gate.set()
        await scene.is_well()

    play(kind, script)


@BOTH
def test_frames_that_nobody_asked_for_are_counted_and_ignored(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        for number in range(1, 2001):
            stranger.send("CANCEL", number)
            stranger.send("PONG", 10_000 + number)
            stranger.send("REPLY", 0, [[number, 0, b"\xc0"]])
            stranger.send("ERROR", number, 0, 0, "mailbox_full", "not true")
            stranger.send("ERROR", 0, 0, number, f"made_up_{number}", "not true either")
        stranger.send("CLOSE", 0, "bye")
        stranger.send("CLOSE", 0, "bye again")
        stranger.send("PING", 77)
        assert await stranger.until("PONG") == ["PONG", 77]
        (connection,) = (c for c in scene.node.snapshot().connections.values() if c.peer_id == STRANGER.node_id)
        assert connection.unsolicited == 8000
        stranger.send("GOAWAY", "tired\x1b[31m", "of\r\nit")
        for _ in range(50):
            stranger.send("GOAWAY", "tired", "again")
        stranger.close()
        if kind == "tls":
            await scene.is_well()
            assert log_of_the_loop().reasons("peer says goodbye")[-1:] == [r"tired\x1b[31m"]

    play(kind, script)


@BOTH
def test_messages_that_are_not_what_the_channel_declares_are_answered_with_an_error(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        desk = stranger.index("desk")
        deep = b"\x81\xa5value" + b"\x91" * 20_000 + b"\xc0"
        huge = b"\x81\xa5items\xdd\xff\xff\xff\xff"
        bad = [
            (1, b""),
            (1, b"\xc1"),
            (1, msgpack.packb({})),
            (1, msgpack.packb({"number": "seven"})),
            (1, msgpack.packb({"number": 2**70 // 2**8 * 1.5})),
            (1, msgpack.packb([1])),
            (1, msgpack.packb({"number": 1}) + b"\x00"),
            (2, deep),
            (2, huge),
            (3, msgpack.packb({"number": 1})),
            (0, msgpack.packb(1)),
        ]
        for rid, (number, payload) in enumerate(bad, 1):
            stranger.send("ASK", desk, [[rid, 60_000, number, 0, payload]])
            answer = await stranger.until("ERROR", "GOAWAY", "REPLY")
            assert answer[:5] == ["ERROR", rid, desk, 0, "message_type"], (payload[:20], answer)
        for sequence, (number, payload) in enumerate(bad):
            stranger.send("TELL", desk, [[number, 0, payload]])
            answer = await stranger.until("ERROR", "GOAWAY", "REPLY")
            assert answer[:5] == ["ERROR", 0, desk, sequence, "message_type"], answer
        refused = [line for line in log_of_the_loop().lines if line["event"] == "message refused"]
        assert 1 <= len(refused) <= 10
        stranger.send("ASK", desk, [[99, 60_000, 1, 0, msgpack.packb({"number": 1})]])
        assert await stranger.until("REPLY") == ["REPLY", desk, [[99, 1, msgpack.packb({"number": 2})]]]

    play(kind, script)


@BOTH
def test_a_stranger_with_nothing_but_messagepack_asks_and_is_asked(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        schema = next(info.schema for info in [desk_info(scene.node)])
        await stranger.shake_hands(
            STRANGER.node_id,
            channels=[channel_map("desk", types=["Note", "Anything"], schema=schema, messages=2)],
        )
        desk = stranger.index("desk")
        note = msgpack.packb({"number": 41})
        stranger.send("ASK", desk, [[1, 2000, 1, 1, note], [2, 2000, 1, 0, msgpack.packb({"number": 13})]])
        answers = [await stranger.until("REPLY", "ERROR"), await stranger.until("REPLY", "ERROR")]
        assert sorted(answers) == [
            ["ERROR", 2, desk, 0, "unlucky", "no thirteen", 1],
            ["REPLY", desk, [[1, 1, msgpack.packb({"number": 42})]]],
        ]
        # The other way, with a window of two.
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        to: Address[object] = Peer(STRANGER.node_id) / "desk"
        asks = [asyncio.ensure_future(_awaited(scene.node.ask(to, Note(number)))) for number in range(5)]
        seen = 0
        while seen < 5:
            _, channel, items = await stranger.until("ASK")
            assert channel == 0
            for rid, budget, number, source, payload in items:
                assert (number, source) == (1, 0)
                assert 0 < budget <= 5001
                value = msgpack.unpackb(payload)["number"]
                stranger.send("REPLY", 0, [[rid, 1, msgpack.packb({"number": value * 10})]])
                stranger.send("CREDIT", [[0, 1, len(payload)]])
                seen += 1
        assert await asyncio.gather(*asks) == [Note(number * 10) for number in range(5)]
        stranger.send("GOAWAY", "done", "")
        stranger.close()

    play(kind, script)


@BOTH
def test_a_stranger_tells_that_asks_wait_for_each_other_and_only_the_true_token_counts(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        schema = desk_info(scene.node).schema
        await stranger.shake_hands(
            STRANGER.node_id, channels=[channel_map("desk", types=["Note", "Anything"], schema=schema)]
        )
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        back = stranger.index("back")
        mine, here = "bus://ffff/desk\x1b[31m", f"bus://{scene.node.node_id}/back"
        stranger.send("ASK", back, [[7, 600_000, 1, 0, msgpack.packb({"number": 1})]])
        _, channel, ((rid, *_),) = await stranger.until("ASK")
        _, about, at, token, path = await stranger.until("PROBE")
        assert (about, at, path) == (rid, channel, [here])
        # Made up tokens, answered asks, a reactor that works on nothing, an actor that is not the first: nothing.
        stranger.send("PROBE", 7, back, token ^ 1, [here, mine])
        stranger.send("PROBE", 8, back, token, [here, mine])
        stranger.send("PROBE", 7, stranger.index("desk"), token, [here, mine])
        stranger.send("PROBE", 0, stranger.index("desk"), token, [here, mine])
        stranger.send("PROBE", 7, back, token, [here, "bus://0000/desk"])
        for number in range(2000):
            stranger.send("PROBE", 7, back, number, ["bus://0000/desk"])
        stranger.send("PING", 77)
        # What the reactor waits for itself is passed on, and not for ever.
        passed = 0
        while (await stranger.until("PROBE", "PONG", "ERROR"))[0] == "PROBE":
            passed += 1
        assert 1 <= passed <= 1001
        # No more is heard of it for a moment; then the true one counts.
        asking = asyncio.ensure_future(_again_and_again(lambda: stranger.send("PROBE", 7, back, token, [here, mine])))
        assert await stranger.until("CANCEL", "ERROR") == ["CANCEL", rid]
        asking.cancel()
        error = await stranger.until("ERROR")
        assert error[:5] == ["ERROR", 7, back, 0, "Deadlock"]
        assert f"{here} → bus://ffff/desk\\x1b[31m → {here}" in error[5]
        await scene.friend.ask(Peer(scene.node.node_id) / Desk, Note(1))

    play(kind, script)


async def _again_and_again(say: Callable[[], object]) -> None:
    while True:
        say()
        await asyncio.sleep(0.05)


async def _awaited(outcome: Any) -> object:
    return await outcome


@in_virtual_time
async def test_answers_of_another_channel_or_another_peer_are_not_taken() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        info = desk_info(scene.node)
        desk = channel_map("desk", types=["Note", "Anything"], schema=info.schema)
        await stranger.shake_hands(STRANGER.node_id, channels=[desk, channel_map("mine")])
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        ask = asyncio.ensure_future(_awaited(scene.node.ask(Peer(STRANGER.node_id) / "desk", Note(1), timeout=60)))
        _, _, [[rid, *_]] = await stranger.until("ASK")
        right, wrong = msgpack.packb({"number": 1}), msgpack.packb({"number": 666})
        stranger.send("REPLY", 1, [[rid, 1, wrong]])
        stranger.send("ERROR", rid, 1, 0, "forged", "")
        stranger.send("REPLY", 0, [[rid + 1, 1, wrong]])
        other = await scene.dial(Identity.from_seed(b"o" * 32))
        await other.shake_hands(Identity.from_seed(b"o" * 32).node_id, channels=[desk])
        other.send("REPLY", 0, [[rid, 1, wrong]])
        other.send("PING", 1)
        await other.until("PONG")
        stranger.send("PING", 2)
        await stranger.until("PONG")
        assert not ask.done()
        stranger.send("REPLY", 0, [[rid, 1, right], [rid, 1, wrong]])
        assert await ask == Note(1)
        counts = {c.peer_id: c.unsolicited for c in scene.node.snapshot().connections.values()}
        assert counts[STRANGER.node_id] in (3, 4)
        assert counts[Identity.from_seed(b"o" * 32).node_id] == 1
