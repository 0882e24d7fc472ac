"""clients/javascript judges damaged frames and descriptions of channels as this side does."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import msgpack
import msgspec
from javascript_client import CLIENT, NODE, needs_node

from peerbus.actors.base import ProtocolError
from peerbus.transports.schema import compare, read_description
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT


def verdict(body: bytes) -> str:
    """The name of the frame that this is, "skip", or the word that refuses it."""
    try:
        frames = list(FrameDecoder(FRAME_LIMIT).feed(len(body).to_bytes(4, "big") + body))
    except ProtocolError as error:
        return error.reason
    return (type(frames[0]).__doc__ or "").split()[0] if frames else "skip"


def mutated(bodies: list[bytes], rng: Random) -> bytes:
    """One of these with a byte or two changed, taken away or put in."""
    body = bytearray(rng.choice(bodies))
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(body))
        body[at : at + rng.randrange(2)] = rng.choice((b"", b"\x90", b"\xc0", b"\xdc", rng.randbytes(1)))
    return bytes(body)


def has_odd_key(value: object) -> bool:
    """A map in it has a key that is neither a text nor a number, as a property of JavaScript has to be."""
    if isinstance(value, dict):
        return any(not isinstance(key, str | int) for key in value) or any(map(has_odd_key, value.values()))
    return isinstance(value, list) and any(map(has_odd_key, value))


@needs_node
def test_it_judges_frames_that_are_damaged_as_this_side_does(tmp_path: Path) -> None:
    shown = json.loads((CLIENT.parents[1] / "docs" / "wire-vectors.json").read_text(encoding="utf-8"))
    sound = [bytes.fromhex(each["frame"])[4:] for each in shown["frames"]]
    sound += [bytes.fromhex(each["body"]) for each in shown["later"]]
    rng = Random(12)
    bodies = [mutated(sound, rng) for _ in range(3000)]
    (tmp_path / "bodies").write_text("\n".join(body.hex() for body in bodies))
    assert NODE is not None
    program = (NODE, str(CLIENT / "test" / "verdicts.js"), str(tmp_path / "bodies"))
    theirs = subprocess.run(program, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    for body, their in zip(bodies, theirs, strict=True):
        ours, refusals = verdict(body), {"bad_field", "bad_frame", "unknown_kind"}
        if ours == their or {ours, their} <= refusals:
            continue  # of two faults either may be found first
        if their == "bad_frame":  # a text, or a key of a map, also where it is skipped
            with contextlib.suppress(UnicodeDecodeError, TypeError):
                assert has_odd_key(msgpack.unpackb(body, strict_map_key=False)), (ours, body.hex())
        else:
            assert re.search(rb"[\xca\xcb]", body), (ours, their, body.hex())  # a float that is an integer


def pairs(rng: Random, count: int) -> list[tuple[bytes, bytes]]:
    """Descriptions of two versions of a channel: of the second some types, fields and messages are others."""
    words = ("int", "float", "str", "bytes", "none", "bool", "date", "datetime", "any", "raw", "odd")

    def shape(depth: int) -> Any:
        what = rng.randrange(10 if depth else 3)
        inside = [shape(depth - 1) for _ in range(2)] if depth else []
        values = rng.sample([1, 2, 4, "a", "b"], rng.randint(1, 3))
        match what:
            case 3:
                return rng.randrange(3)
            case 4:
                return ["union", *inside]
            case 5:
                return [rng.choice(("list", "set", "vartuple", "tuple")), inside[0]]
            case 6:
                return ["dict", *inside]
            case 7:
                return ["literal", *values]
            case 8:
                return ["flag", "F", *(each for each in values if isinstance(each, int))]
            case 9:
                return rng.choice(
                    (["union", "float", ["literal", *values]], ["set", rng.randrange(3)], ["union", "any", 1])
                )
            case _:
                return rng.choice(words)

    def definition(name: str) -> list[Any]:
        fields = [[each, rng.randrange(3), shape(2)] for each in rng.sample("abcd", rng.randint(0, 3))]
        tag = rng.choice([None, None, ["kind", name], ["a", name]])
        return [rng.choice(("map", "map", "map", "array")), name, tag, rng.random() < 0.2, fields]

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(each) for each in value]
        return rng.choice(words) if value in words and rng.random() < 0.15 else value

    made = []
    for _ in range(count):
        definitions = [definition(name) for name in ("Put", "Get", "Got")]
        messages = [["Put", 0, None], ["Get", 1, rng.choice((2, "int", ["union", 2, "none"]))], ["Got", 2, None]]
        comes: list[list[Any]] = [[], ["once"], ["items"], ["later"], [["items"]]]
        messages = [[*each, *rng.choice(comes)] for each in messages[: rng.randint(1, 3)]]
        ours: list[Any] = [1, definitions, messages]
        theirs: list[Any] = [1, [changed(each) for each in definitions], rng.sample(messages, len(messages))]
        theirs[2] = [[*each[:3], rng.choice(("once", "items"))] if rng.random() < 0.1 else each for each in theirs[2]]
        for each in theirs[1]:
            if rng.random() < 0.2:
                each[4] = each[4][:-1] if rng.random() < 0.5 else [*each[4], ["new", rng.randrange(3), "int"]]
        made.append((msgspec.msgpack.encode(ours), msgspec.msgpack.encode(theirs)))
    return made


@needs_node
def test_it_finds_the_same_messages_readable_as_this_side_does(tmp_path: Path) -> None:
    made = pairs(Random(12), 3000)
    (tmp_path / "pairs").write_text("\n".join(f"{ours.hex()} {theirs.hex()}" for ours, theirs in made))
    assert NODE is not None
    program = (NODE, str(CLIENT / "test" / "compared.js"), str(tmp_path / "pairs"))
    said = subprocess.run(program, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    whole = 0
    for (ours, theirs), line in zip(made, said, strict=True):
        found = compare(read_description(ours), read_description(theirs))
        assert json.loads(line) == [dict(found.numbers), sorted(found.refused), sorted(found.unread)], (
            msgspec.msgpack.decode(ours),
            msgspec.msgpack.decode(theirs),
        )
        whole += found.whole
    assert 300 < whole < 2700
