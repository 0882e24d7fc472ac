"""What waits for room on a stream, and how its two sides agree on what it is for."""

from __future__ import annotations

from collections.abc import Callable

from peerbus.transports.libp2p.multistream import ProtocolRefused, line_of
from peerbus.transports.libp2p.substream import MAX_DATA, Substream, SubstreamOwner
from peerbus.transports.libp2p.yamux import Yamux, YamuxArrived, YamuxOpened, YamuxRoom, YamuxStream
from peerbus.transports.libp2p.yamux_frames import FIRST_WINDOW


class _Owner:
    def __init__(self) -> None:
        self.substream: Substream | None = None
        self.heard = b""
        self.error: Exception | None = None

    def opened(self, substream: Substream) -> None:
        self.substream = substream

    def arrived(self, data: bytes) -> None:
        self.heard += data

    def ended(self) -> None:
        self.heard += b"END"

    def dropped(self, error: Exception) -> None:
        self.error = error

    def regulate(self) -> None:
        pass


class _Carrier:
    """One side of a connection, by hand."""

    def __init__(self, *, initiator: bool) -> None:
        self.mux = Yamux(initiator=initiator, window=FIRST_WINDOW)
        self.paused = False
        self.sent: list[bytes] = []

    def flush(self) -> None:
        if out := self.mux.take():
            self.sent.append(out)

    def forget(self, stream: YamuxStream) -> None:
        pass


def _opened(
    known: dict[str, Callable[[], SubstreamOwner]], wanted: str
) -> tuple[_Carrier, Substream, _Owner, _Carrier]:
    """The side that asks, its stream and that one's owner, and the side that was asked, after they have agreed."""
    here, there, owner = _Carrier(initiator=True), _Carrier(initiator=False), _Owner()
    stream = here.mux.open()
    mine = Substream(here, stream, protocols={}, owner=owner, wanted=wanted)
    theirs: Substream | None = None
    for event in there.mux.feed(b"".join(here.sent)):
        if isinstance(event, YamuxOpened):
            theirs = Substream(there, event.stream, protocols=known)
        elif isinstance(event, YamuxArrived):
            assert theirs is not None
            theirs.arrived(event.data)
    for event in here.mux.feed(b"".join(there.sent)):
        if isinstance(event, YamuxArrived):
            mine.arrived(event.data)
    here.sent.clear()
    return here, mine, owner, there


def test_both_owners_are_told_once_both_sides_have_agreed() -> None:
    asked = _Owner()
    _, mine, owner, _ = _opened({"/echo": lambda: asked}, "/echo")
    assert owner.substream is mine
    assert asked.substream is not None


def test_a_protocol_that_is_not_known_drops_the_stream_of_who_asked() -> None:
    _, _, owner, _ = _opened({"/echo": _Owner}, "/other")
    assert owner.substream is None
    assert isinstance(owner.error, ProtocolRefused)


def test_what_has_no_room_waits_and_goes_with_what_waits_behind_it() -> None:
    here, mine, _, _ = _opened({"/echo": _Owner}, "/echo")
    room = FIRST_WINDOW - len(line_of("/multistream/1.0.0") + line_of("/echo"))
    mine.write(bytes(room + 10))
    assert mine.unsent == 10
    assert sum(map(len, here.sent)) == room + 12 * -(-room // MAX_DATA)
    for _ in range(5):
        mine.write(b"x" * 10)
    mine.finish()
    here.sent.clear()
    (event,) = here.mux.feed(bytes.fromhex("000100000000000100001000"))
    assert isinstance(event, YamuxRoom)
    mine.pump()
    assert [len(sent) for sent in here.sent] == [12 + 60, 12]
    assert mine.unsent == 0


def test_nothing_is_sent_while_what_was_written_before_has_not_left() -> None:
    here, mine, _, _ = _opened({"/echo": _Owner}, "/echo")
    here.paused = True
    mine.write(b"a")
    mine.write(b"b")
    assert here.sent == []
    here.paused = False
    mine.pump()
    assert here.sent[0].endswith(b"ab")
    mine.write(b"c")
    mine.drop_unsent()
    assert mine.unsent == 0


def test_what_comes_behind_the_agreement_is_the_owners() -> None:
    asked, there = _Owner(), _Carrier(initiator=False)
    theirs = Substream(there, YamuxStream(1), protocols={"/echo": lambda: asked})
    theirs.arrived(line_of("/multistream/1.0.0") + line_of("/echo") + b"hello")
    theirs.arrived(b" again")
    theirs.ended()
    assert asked.heard == b"hello againEND"


def test_a_stream_that_ends_or_lies_before_both_have_agreed_is_dropped() -> None:
    for said in (b"", b"GET /"):
        here, owner = _Carrier(initiator=True), _Owner()
        mine = Substream(here, here.mux.open(), protocols={}, owner=owner, wanted="/echo")
        if said:
            mine.arrived(said)
        else:
            mine.ended()
        assert owner.error is not None
