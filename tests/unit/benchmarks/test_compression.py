"""The benchmark of compression: its frames are those of the bus, and each way gives back what it got."""

from __future__ import annotations

import pytest

from benchmarks.compression.command import main, measured
from benchmarks.compression.corpus import CORPORA, bodies
from benchmarks.compression.ways import MORE, WAYS
from peerbus.transports.lanes import ROOM


def test_frames_have_one_message_each_or_as_many_as_the_bus_joins() -> None:
    payloads = CORPORA[0].payloads(200)
    assert len(list(bodies(payloads, together=False))) == 200
    sizes = [len(body) for body in bodies(payloads, together=True)]
    assert ROOM * 3 // 4 < sizes[0] <= ROOM
    assert sum(sizes) > sum(map(len, payloads))


def test_each_way_gives_back_what_it_got() -> None:
    for way in (*WAYS, *MORE):
        row = measured(CORPORA[0], way, together=True, rounds=1, share=0.05)
        assert row.ratio > 2
        assert row.shrink > 0


def test_the_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "processor time" in capsys.readouterr().out
