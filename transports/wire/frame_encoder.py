"""Frames as bytes: whole ones, and a large message or a part beside its head, so that it is not copied once more."""

from __future__ import annotations

import msgspec

from .frames import PART_SIZE, ArrivedFrame, Ask, ItemsFrame, Reply, Tell

__all__ = ["FrameEncoder"]


class FrameEncoder:
    """Turns frames into bytes. Keeps one encoder, so keep one of these per connection."""

    __slots__ = ("_encode",)

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode

    def body(self, frame: ArrivedFrame) -> bytes:
        """The body of a frame, without its length: what `Cutter` takes."""
        return self._encode(frame)

    def encode(self, frame: ArrivedFrame) -> bytes:
        """A whole frame: its length as u32 big-endian, then its body."""
        # Not encode_into a kept buffer: 410 ns against 180 for a TELL of one message of 100 bytes.
        body = self._encode(frame)
        return len(body).to_bytes(4, "big") + body

    def head_of(self, frame: Tell | Ask | Reply) -> bytes:
        """What stands in the body of a frame of one large message before its payload, which comes last.

        So the payload is not copied once more. Raises:
            ValueError: the frame has more than one, or the payload no more than `PART_SIZE` bytes.
        """
        *fields, payload = frame.items[0]
        size = len(payload)
        if len(frame.items) > 1 or size <= PART_SIZE:
            raise ValueError(f"{len(frame.items)} messages, the first of {size} bytes, are not one large message")
        # As the encoder writes it around an empty payload: only the head of the `bin` differs.
        head = self._encode((frame.__struct_config__.tag, frame.channel, [(*fields, b"")]))[:-2]
        return head + (b"\xc5" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xc6" + size.to_bytes(4, "big"))

    def head_of_item(self, frame: ItemsFrame) -> bytes:
        """As `head_of`, for one large item."""
        size = len(frame.payloads[0])
        head = self._encode((21, frame.lane, frame.rid, frame.number, (b"",)))[:-2]
        return head + (b"\xc5" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xc6" + size.to_bytes(4, "big"))

    def encode_part(self, lane: int, left: int, data: memoryview) -> tuple[bytes, memoryview]:
        """A PART frame as header and data, so that the data is not copied into one more buffer.

        Raises:
            ValueError: `data` is empty or longer than `PART_SIZE` bytes.
        """
        size = len(data)
        if not 0 < size <= PART_SIZE:
            raise ValueError(f"a part holds 1 to {PART_SIZE} bytes, not {size}")
        fields = self._encode((15, lane, left))
        # array of 3 -> array of 4, then the head of a `bin` with one or two bytes of length.
        head = b"\x94" + fields[1:] + (bytes((0xC4, size)) if size < 256 else b"\xc5" + size.to_bytes(2, "big"))
        return (len(head) + size).to_bytes(4, "big") + head, data
