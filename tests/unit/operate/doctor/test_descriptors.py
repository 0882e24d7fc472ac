"""Whether there are files enough to open for as many connections as the limits let in."""

from __future__ import annotations

from peerbus.discovery.peer import PeerOptions
from peerbus.operate.doctor.descriptors import judge_descriptors, needed_descriptors


def test_what_is_needed_grows_with_the_slots() -> None:
    few, many = (needed_descriptors(PeerOptions(max_connected=n, max_known=9000)) for n in (64, 2000))
    assert many - few == 2000 - 64
    assert needed_descriptors(PeerOptions(max_connected=None, max_known=None)) > many - 1100


def test_too_few_are_a_warning_with_a_number_to_set() -> None:
    found = judge_descriptors(256, 300)
    assert (found.verdict, "600" in found.advice) == ("warning", True)
    assert judge_descriptors(1024, 300).verdict == "ok"


def test_a_node_that_has_used_nearly_all_is_told() -> None:
    assert judge_descriptors(1024, 300, 900).verdict == "warning"
    found = judge_descriptors(1024, 300, 90)
    assert (found.verdict, "90 in use" in found.text) == ("ok", True)
