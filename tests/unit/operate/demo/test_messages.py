"""What the demonstration and its processes say to each other."""

from __future__ import annotations

import msgspec
import pytest

from peerbus.node.blocksync.blocks import Served
from peerbus.node.blocksync.sync import Progress
from peerbus.operate.demo.messages import Job, NodeFailed, Report, Started, decode_job, decode_said, encode

JOB = Job(name="want-1", network="demo", identity="/key", file="/copy", archives=2, wants=True)


@pytest.mark.parametrize(
    "said",
    [
        Started("ab" * 32),
        NodeFailed("no space left"),
        Report(peers=3, served=Served(5, 6), progress=Progress(state="fetching", blocks=1, blocks_in_all=2)),
    ],
)
def test_what_a_process_says_is_one_line_and_comes_back_as_it_was(said: Started | NodeFailed | Report) -> None:
    line = encode(said)
    assert line.count(b"\n") == 1
    assert decode_said(line) == said


def test_a_job_comes_back_as_it_was() -> None:
    assert decode_job(encode(JOB)) == JOB


def test_only_a_node_that_does_not_want_the_file_offers_it() -> None:
    assert JOB.roles == ()
    assert msgspec.structs.replace(JOB, wants=False).roles == ("archive",)


def test_half_a_line_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_said(encode(Started("ab"))[:10])
