"""Other networks are told once each, and of a crowd only the first."""

from __future__ import annotations

from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.discovery.mdns.other_networks import MAX_OTHERS, OtherNetworks


@in_virtual_time
async def test_each_is_told_once_and_of_a_crowd_the_first_few() -> None:
    others = OtherNetworks("alice", "mine")
    for number in range(2 * MAX_OTHERS):
        others.heard(f"n{number}")
        others.heard("n0")
    others.heard("x" * 1000)
    lines = log_of_the_loop().lines
    assert [line["heard"] for line in lines] == list(others.names) == [f"n{number}" for number in range(MAX_OTHERS)]
    assert "hint" in lines[-1]
