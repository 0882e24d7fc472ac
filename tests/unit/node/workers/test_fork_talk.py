from __future__ import annotations

import msgspec
import pytest

from peerbus.node.workers.fork_talk import Fork, ForkDone, Gone, read_fork, read_word, status_of


def test_words_are_read_as_they_were_written_and_nothing_else_is() -> None:
    assert read_fork(msgspec.msgpack.encode(Fork(3, b"setup"))) == Fork(3, b"setup")
    for word in (ForkDone(3, 17), ForkDone(4, 0, "no memory"), Gone(17, -9)):
        assert read_word(msgspec.msgpack.encode(word)) == word
    with pytest.raises(msgspec.DecodeError):
        read_word(b"no word")


def test_a_process_that_an_actor_ends_exits_as_a_program_would() -> None:
    codes: list[SystemExit | KeyboardInterrupt] = [
        SystemExit(),
        SystemExit(0),
        SystemExit(3),
        SystemExit("text"),
        SystemExit(-1),
        KeyboardInterrupt(),
    ]
    assert [status_of(each) for each in codes] == [0, 0, 3, 1, 255, 130]
