"""The grammar of all frames in CDDL (RFC 8610), written from the types that the decoder checks."""

from __future__ import annotations

from typing import get_args

from msgspec import inspect

from peerbus.transports.wire.frames import (
    BATCH_LIMIT,
    FRAME_LIMIT,
    HANDSHAKE_FRAME_LIMIT,
    LAST_KIND,
    SKIPPED_KINDS,
    Frame,
)
from peerbus.transports.wire.hello import ChannelInfo, Hello
from peerbus.transports.wire.traces import TRACESTATE_LIMIT

__all__ = ["grammar"]

HEAD = f"""\
; Every frame of peerbus, as a writer says it and a reader takes it: docs/wire.md says what they mean,
; and what a reader takes of HELLO, REJECT and GOAWAY in a handshake that is above these bounds.
; Written by scripts/wire-vectors from the types that the decoder checks; CDDL is RFC 8610,
; what it describes is MessagePack.
; The size of a text counts characters here; a writer keeps words within 64 bytes and texts within 1024.
; Before a frame stands its length, 4 bytes:
; at most {HANDSHAKE_FRAME_LIMIT} before both WELCOMEs, {FRAME_LIMIT} after them.

"""

#: A reader takes whatever stands there, so that it is no part of the frames' own rules.
TRACES = f"""\
; What whoever traces writes behind the items of TELL and ASK, and takes of it; a reader may skip it.
traces = {{
  * 0..{BATCH_LIMIT - 1} => [traceparent: tstr .size 55, tracestate: tstr .size (0..{TRACESTATE_LIMIT})]
}}"""


def grammar() -> str:
    """All of it."""
    frames = sorted(get_args(Frame), key=lambda frame: frame.__struct_config__.tag)
    assert [frame.__struct_config__.tag for frame in frames] == list(range(LAST_KIND + 1))
    names = [(frame.__doc__ or "").split()[0].lower() for frame in frames]
    rules = ["frame = " + "\n      / ".join([*names, "later"])]
    rules += [f"{name} = {_array(frame)}" for name, frame in zip(names, frames, strict=True)]
    rules += [f"{name} = {_map(struct)}" for name, struct in (("hello-map", Hello), ("channel-map", ChannelInfo))]
    rules.append(f"later = [\n  kind: {SKIPPED_KINDS[0]}..{SKIPPED_KINDS[-1]},  ; left out\n  * any\n]")
    rules.append(TRACES)
    return HEAD + "\n\n".join(rules) + "\n"


def _info(struct: type) -> inspect.StructType:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info


def _array(struct: type) -> str:
    info = _info(struct)
    fields = [f"  {'' if each.required else '? '}{each.encode_name}: {_type(each.type)}," for each in info.fields]
    return "\n".join(["[", f"  kind: {info.tag},", *fields, "  * any  ; of later versions", "]"])


def _map(struct: type) -> str:
    fields = [
        f"  {'' if each.required else '? '}{each.encode_name}: {_type(each.type)}," for each in _info(struct).fields
    ]
    return "\n".join(["{", *fields, "  * tstr => any  ; of later versions", "}"])


def _type(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inside):
            return _type(inside)
        case inspect.IntType(ge=low, le=high):
            return "uint" if low == 0 and high is None else f"{low}..{high}"
        case inspect.StrType(pattern=str(pattern)):
            return f'tstr .regexp "{pattern.removeprefix(chr(92) + "A").removesuffix(chr(92) + "Z")}"'
        case inspect.StrType(min_length=least, max_length=most):
            return f"tstr .size ({least or 0}..{most})"
        case inspect.BytesType(min_length=least, max_length=most):
            if least is None and most is None:
                return "bstr"
            return f"bstr .size {most}" if least == most else f"bstr .size ({least or 0}..{most})"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(_type, items))}]"
        case inspect.ListType() | inspect.VarTupleType():
            return (
                f"[{info.min_length or 0}*{'' if info.max_length is None else info.max_length} {_type(info.item_type)}]"
            )
        case inspect.StructType(cls=cls):
            return "channel-map" if cls is ChannelInfo else "hello-map"
        case _:
            raise TypeError(f"no rule for {info}")
