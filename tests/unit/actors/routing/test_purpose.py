"""What a message is sent for."""

from __future__ import annotations

from peerbus.actors.routing.purpose import Purpose


def test_an_ask_is_for_what_its_message_names_or_for_what_the_asker_says() -> None:
    assert Purpose.of_ask(None) is Purpose.ASK
    assert Purpose.of_ask(int) is Purpose.ASK_AS
    assert [*Purpose] == [0, 1, 2], "places in what a lane lets through"
