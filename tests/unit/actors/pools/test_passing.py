"""What goes with a message that a pool hands on: its answer and its credit."""

from __future__ import annotations

from peerbus.actors.pools.passing import Fence, GatheredReply, HeldCredit, SharedCredit


class Reply:
    """An asker that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.gone = False

    def done(self) -> bool:
        return self.gone or bool(self.told)

    def succeed(self, value: object) -> None:
        self.told.append(value)

    def raised(self, error: BaseException) -> None:
        self.told.append(error)

    def fail(self, error: BaseException) -> None:
        self.told.append(error)


class Credits:
    """A connection that counts what came back."""

    def __init__(self) -> None:
        self.back: list[tuple[int, int]] = []

    def dequeued(self, messages: int, size: int) -> None:
        self.back.append((messages, size))


def test_credit_comes_back_once_when_the_last_member_has_taken_the_message() -> None:
    connection = Credits()
    held = HeldCredit(connection)
    held.dequeued(1, 7)
    assert connection.back == []
    shared = SharedCredit(held.of, 3)
    for _ in range(2):
        shared.dequeued(1, 7)
    assert connection.back == []
    shared.dequeued(1, 7)
    assert connection.back == [(1, 7)]


def test_an_answer_of_several_is_there_when_all_have_answered_in_their_order() -> None:
    reply, over = Reply(), list[GatheredReply]()
    whole = GatheredReply(reply, sorted, over.append)
    parts = [whole.part(name, None) for name in "abc"]
    for part, value in zip(reversed(parts), (3, 1, 2), strict=True):
        assert not part.done()
        part.succeed(value)
    assert reply.told == [[1, 2, 3]]
    assert over == [whole]
    parts[0].succeed(9)
    assert len(reply.told) == 1


def test_the_first_failure_ends_it_and_who_is_gone_is_told_nothing() -> None:
    reply, over = Reply(), list[GatheredReply]()
    whole = GatheredReply(reply, list, over.append)
    one, other = whole.part("a", None), whole.part("b", None)
    one.raised(KeyError("no"))
    other.succeed(1)
    assert [type(each) for each in reply.told] == [KeyError]
    assert (one.ended, other.ended, len(over)) == (True, True, 1)

    gone = Reply()
    whole = GatheredReply(gone, None, over.append)
    part = whole.part("a", None)
    gone.gone = True
    assert part.done()
    part.fail(KeyError())
    assert gone.told == []


def test_a_member_elsewhere_has_its_answer_brought() -> None:
    reply, brought = Reply(), list[object]()

    def bring(action: object) -> None:
        brought.append(action)
        assert callable(action)
        action()

    part = GatheredReply(reply, None, lambda _: None).part("a", bring)
    assert not part.done()
    part.succeed(5)
    assert (reply.told, len(brought)) == ([5], 1)
    assert part.done()


def test_a_fence_is_passed_when_it_is_taken_and_when_it_is_dropped() -> None:
    passed: list[int] = []
    fence = Fence(lambda: passed.append(1))
    assert fence.taken() is False
    fence.dropped()
    assert passed == [1, 1]
