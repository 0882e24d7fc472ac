"""A channel as it is written down: what a message is answered by, what comes in items, what is an answer only."""

from __future__ import annotations

from dataclasses import dataclass

from described import Block, Forget, GetBlock, GetRange

from peerbus.actors import Message
from peerbus.actors.messages import UNNAMED
from peerbus.node.schema.spoken import spoken_by
from peerbus.operate.describing.spoken_channel import channels_of, told_of


def test_messages_with_their_answers_and_no_facts() -> None:
    archive = next(channels_of(spoken_by("described:Archive")))
    assert archive.about == "Keeps blocks."
    assert [(each.kind, each.in_items, each.handled) for each in archive.messages] == [
        (GetBlock, False, True),
        (GetRange, True, True),
        (Forget, False, True),
        (Block, False, False),
    ]
    assert [each.answer for each in archive.messages] == [Block | None, Block, UNNAMED, UNNAMED]


def test_of_a_channel_that_others_run_each_message_may_be_handled() -> None:
    _, archive = channels_of(spoken_by("described:desk_node"))
    assert (archive.served, archive.about) == (None, "")
    assert all(each.handled for each in archive.messages)


def test_a_class_says_what_its_author_wrote_and_not_what_python_did() -> None:
    @dataclass(frozen=True)
    class Silent:
        field: int

    class Inherits(Message):
        field: int

    assert (told_of(Silent), told_of(Inherits)) == ("", "")
    assert told_of(GetBlock) == "One block, or None where there is none.\n\nHeights begin with 0."
