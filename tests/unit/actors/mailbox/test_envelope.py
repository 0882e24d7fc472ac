"""What is put into a mailbox, and where the answers to one message of several askers go."""

from __future__ import annotations

import gc

from peerbus.actors.mailbox.envelope import NEVER, Envelope, with_reply


class Reply:
    def __init__(self, *, over: bool = False) -> None:
        self.over = over
        self.told: list[tuple[str, object]] = []

    def done(self) -> bool:
        return self.over

    def succeed(self, value: object) -> None:
        self.told.append(("succeed", value))

    def raised(self, error: BaseException) -> None:
        self.told.append(("raised", error))

    def fail(self, error: BaseException) -> None:
        self.told.append(("fail", error))


def test_a_tell_of_plain_code_names_nobody_and_does_not_expire() -> None:
    envelope = Envelope("message")
    assert (envelope.sender, envelope.reply, envelope.deadline, envelope.size) == (None, None, NEVER, 0)


def test_the_garbage_collector_does_not_look_into_it() -> None:
    assert not gc.is_tracked(Envelope([]))


def test_one_reply_is_taken_as_it_is() -> None:
    reply = Reply()
    assert with_reply(None, reply) is reply


def test_all_who_wait_for_the_same_answer_are_told() -> None:
    one, other = Reply(), Reply()
    both = with_reply(one, other)
    error = ValueError()
    both.succeed(1)
    both.raised(error)
    both.fail(error)
    assert one.told == other.told == [("succeed", 1), ("raised", error), ("fail", error)]


def test_an_answer_is_wanted_as_long_as_one_waits() -> None:
    one, other = Reply(over=True), Reply()
    both = with_reply(one, other)
    assert not both.done()
    other.over = True
    assert both.done()
