"""What one machine says by multicast DNS leaves room for what others say."""

from __future__ import annotations

from peerbus.discovery.mdns.heard_from import MAX_NAMES, NAMES_OF_ONE, PACKETS, HeardFrom, who_goes


def saying(*numbers: int) -> bytes:
    """An answer that names these instances, as far as it is looked at."""
    return b"\x00\x00\x84\x00" + b"".join(b"\x14" + f"{number:020x}".encode() for number in numbers)


def name(number: int) -> str:
    return f"{number:020x}._peerbus._tcp.local."


def test_one_machine_has_so_many_names_and_others_have_theirs() -> None:
    heard = HeardFrom()
    admitted = sum(heard.admits(saying(number), "10.0.0.1", number * 1.0) for number in range(2 * NAMES_OF_ONE))
    assert admitted == NAMES_OF_ONE
    assert heard.dropped["names"] == NAMES_OF_ONE
    assert heard.admits(saying(9999), "10.0.0.2", 0.0)
    assert (heard.of(name(7)), heard.of(name(9999)), heard.of(name(8888))) == ("10.0.0.1", "10.0.0.2", "")
    assert (heard.crowd(name(7)), heard.crowd(name(9999))) == (NAMES_OF_ONE, 1)


def test_what_is_known_is_heard_again_and_what_is_forgotten_makes_room() -> None:
    heard = HeardFrom()
    for number in range(NAMES_OF_ONE):
        heard.admits(saying(number), "10.0.0.1", float(number))
    assert heard.admits(saying(3, 4), "10.0.0.1", 1e3)
    heard.forget(name(3))
    assert heard.admits(saying(777777), "10.0.0.1", 1e3)


def test_many_machines_together_leave_room_for_one_more_from_the_heaviest() -> None:
    heard = HeardFrom()
    for machine in range(MAX_NAMES // NAMES_OF_ONE):
        for number in range(NAMES_OF_ONE):
            assert heard.admits(saying(machine * 1000 + number), f"10.0.0.{machine}", float(number))
    assert heard.admits(saying(99_999), "10.0.1.1", 0.0)
    assert heard.of(name(99_999)) == "10.0.1.1"
    assert heard.of(name(0)) == ""


def test_one_machine_has_so_many_packets_a_second_and_questions_cost_no_names() -> None:
    heard = HeardFrom()
    question = b"\x00\x00\x00\x00" + saying(1)[4:]
    assert sum(heard.admits(question, "10.0.0.1", 0.0) for _ in range(2 * int(PACKETS))) == PACKETS
    assert heard.dropped["rate"] == PACKETS
    assert heard.of(name(1)) == ""
    assert heard.admits(question, "10.0.0.2", 0.0)
    assert heard.admits(b"", "10.0.0.2", 0.0)


def test_for_one_more_goes_what_nominates_nobody_and_then_one_of_the_heaviest_machine() -> None:
    heard = HeardFrom()
    heard.admits(saying(1, 2, 3), "10.0.0.1", 0.0)
    heard.admits(saying(4), "10.0.0.2", 0.0)
    assert who_goes({name(1): object(), name(2): None}, name(4), heard) == name(2)
    assert who_goes({name(1): object(), name(2): object()}, name(4), heard) == name(1)
    assert who_goes({name(1): object()}, name(3), heard) is None
