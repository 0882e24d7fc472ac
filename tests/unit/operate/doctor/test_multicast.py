"""What is made of what was heard at each address."""

from __future__ import annotations

import pytest

from peerbus.discovery.mdns.hearing import HeardNode, Hearing
from peerbus.discovery.records import LocalAddress
from peerbus.operate.doctor.diagnosis import Diagnosis
from peerbus.operate.doctor.multicast import judge_hearing, look_at_multicast

ALICE, BOB, CAROL = (
    HeardNode(letter * 64, network) for letter, network in (("a", "demo"), ("b", "demo"), ("c", "prod"))
)
ETH, WIFI, LO = (
    LocalAddress(host, 24, name) for host, name in (("10.0.0.2", "eth0"), ("10.1.0.2", "wlan0"), ("127.0.0.1", "lo"))
)
OURS = frozenset({ALICE.node_id})


def judged(*heard: Hearing, network: str | None = "demo") -> list[Diagnosis]:
    return judge_hearing(heard, network, OURS)


def test_others_of_the_network_are_counted_and_other_networks_are_named() -> None:
    (found,) = judged(Hearing(ETH, echo=True, nodes=(ALICE, BOB, CAROL)))
    assert found.about == "mdns eth0 10.0.0.2"
    assert found.verdict == "ok"
    assert found.text == "1 of network 'demo' heard beside this one; of other networks: 'prod' (1)"


def test_nobody_else_is_a_warning_unless_somebody_is_heard_elsewhere() -> None:
    (alone,) = judged(Hearing(ETH, echo=True, nodes=(ALICE,)))
    assert (alone.verdict, alone.text) == ("warning", "works, and nobody else of network 'demo' is heard")
    assert "seeds" in alone.advice
    there, here = judged(Hearing(ETH, echo=True, nodes=(BOB,)), Hearing(WIFI, echo=True))
    assert (there.verdict, here.verdict) == ("ok", "ok")


def test_a_network_of_nearly_the_same_name_is_what_was_meant_perhaps() -> None:
    (found,) = judged(Hearing(ETH, echo=True, nodes=(CAROL,)), network="prd")
    assert (found.verdict, "'prod'" in found.advice) == ("warning", True)


def test_what_does_not_come_back_and_what_cannot_be_sent_have_failed() -> None:
    deaf, shut = judged(Hearing(ETH), Hearing(WIFI, problem="Network is unreachable"))
    assert (deaf.verdict, shut.verdict) == ("failed", "failed")
    assert "5353" in deaf.advice
    assert "Network is unreachable" in shut.text


def test_loopback_is_told_of_where_it_is_all_there_is_or_somebody_is_there() -> None:
    assert [each.about for each in judged(Hearing(LO, echo=True))] == ["mdns lo 127.0.0.1"]
    assert [each.about for each in judged(Hearing(LO, echo=True), Hearing(ETH, echo=True))] == ["mdns eth0 10.0.0.2"]
    assert len(judged(Hearing(LO, echo=True, nodes=(BOB,)), Hearing(ETH, echo=True))) == 2


def test_without_a_network_all_of_them_are_told() -> None:
    (found,) = judged(Hearing(ETH, echo=True, nodes=(ALICE, BOB, CAROL)), network=None)
    assert (found.verdict, found.text) == ("ok", "heard: 2 of 'demo', 1 of 'prod'")


@pytest.mark.parametrize("interfaces", [["nowhere0"], ["192.0.2.1"]])
async def test_an_interface_that_is_not_there_has_failed(interfaces: list[str]) -> None:
    (found,) = await look_at_multicast(interfaces, "demo", OURS, seconds=0.1)
    assert (found.about, found.verdict) == ("mdns", "failed")
    assert interfaces[0] in found.text
