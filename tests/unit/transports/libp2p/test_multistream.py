"""Two sides agree on a protocol, or do not."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.multistream import MAX_TRIES, Offering, ProtocolRefused, Selecting, line_of

VERSION = line_of("/multistream/1.0.0")


def test_the_lines_are_those_of_the_specification() -> None:
    assert Selecting("/noise").start() == b"\x13/multistream/1.0.0\n\x07/noise\n"
    assert Offering(("/noise",)).start() == b"\x13/multistream/1.0.0\n"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_both_agree_however_their_bytes_are_cut_and_keep_what_comes_behind(size: int) -> None:
    asking, asked = Selecting("/b"), Offering(("/a", "/b"))
    said = asking.start() + b"more"
    answer = asked.start() + b"".join(asked.receive(said[at : at + size]) for at in range(0, len(said), size))
    answer += b"less"
    for at in range(0, len(answer), size):
        assert asking.receive(answer[at : at + size]) == b""
    assert asking.agreed == asked.agreed == "/b"
    if size == 1000:
        assert (asked.rest(), asking.rest()) == (b"more", b"less")


def test_a_protocol_that_is_not_known_is_refused_and_another_may_be_named() -> None:
    asked = Offering(("/b",))
    assert asked.receive(VERSION + line_of("/a") + line_of("ls") + line_of("/b")) == line_of("na") * 2 + line_of("/b")
    assert asked.agreed == "/b"
    with pytest.raises(ProtocolRefused, match="/a"):
        Selecting("/a").receive(VERSION + line_of("na"))


@pytest.mark.parametrize(
    "said",
    [line_of("na"), line_of("/multistream/2.0.0"), b"S", VERSION + line_of("/b"), b"\x03abc", b"\x02\xff\n", b"\x00"],
)
def test_an_answer_that_is_none_is_refused(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"told|end|decode|speak"):
        Selecting("/a").receive(said)


def test_nobody_names_protocols_without_end_or_a_line_without_end() -> None:
    asked = Offering(())
    asked.receive(VERSION + line_of("/x") * MAX_TRIES)
    with pytest.raises(ValueError, match="in vain"):
        asked.receive(line_of("/x"))
    for said in (b"GET / HTTP/1.1\r\n\r\n", line_of("/http/1.1"), VERSION + b"\x81\x08"):
        with pytest.raises(ValueError, match=r"does not speak|bytes"):
            Offering(()).receive(said)
