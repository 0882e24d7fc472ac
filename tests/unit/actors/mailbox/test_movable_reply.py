"""Which answers can be told that another actor gives them is asked while the program runs."""

from __future__ import annotations

import asyncio

from peerbus.actors.mailbox import MovableReply
from peerbus.actors.mailbox.envelope import Replies
from peerbus.actors.sends import AskFuture


async def test_an_asker_that_knows_who_answers_is_one_and_several_of_them_are_not() -> None:
    one: AskFuture[int] = AskFuture(loop=asyncio.get_running_loop())
    assert isinstance(one, MovableReply)
    assert not isinstance(Replies(one), MovableReply)
