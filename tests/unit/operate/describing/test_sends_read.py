"""Sends are read from the source where it says whom and what, and nothing is guessed."""

from __future__ import annotations

from described import Archive, Desk

from peerbus.actors import Channel, Message, Reactor, handles
from peerbus.node.blocksync.sync import Sync
from peerbus.operate.describing.sends_read import SendRead, sends_read


def test_what_is_written_out_is_found_and_what_stands_in_a_variable_is_not() -> None:
    assert sends_read(Desk) == (
        SendRead("ask", "Role('archive')", "archive", "GetBlock"),
        SendRead("tell", "EVERYONE", "archive", "Forget"),
        SendRead("tell", "LOCAL", "nowhere", "Open"),
    )


def test_what_a_base_class_sends_is_sent() -> None:
    class Derived(Desk):
        pass

    assert sends_read(Derived) == sends_read(Desk)
    assert sends_read(Archive) == (SendRead("tell", "LOCAL", "notes", "Noted"),)


def test_a_class_without_a_source_sends_nothing_that_is_known() -> None:
    names: dict[str, object] = {"Reactor": Reactor, "Channel": Channel, "Message": Message, "handles": handles}
    exec("class Made(Reactor):\n    channel = Channel('made', messages=(type('M', (Message,), {}),))\n", names)  # noqa: S102  # a class that no file has
    made = names["Made"]
    assert isinstance(made, type)
    assert sends_read(made) == ()


def test_what_the_package_sends_is_its_own_affair() -> None:
    assert sends_read(Sync) == ()
