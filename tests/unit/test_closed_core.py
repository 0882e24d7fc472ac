"""What a test may not replace, as compiled code would not see it: whatever way it is named, and whatever build runs."""

from __future__ import annotations

import pytest
from closed_core import ClosedCore, in_core

from peerbus.actors import Bus, Channel, Message, Reactor, handles, router
from peerbus.actors.mailbox import Mailbox, mailbox
from peerbus.transports.lanes import stream_limit
from peerbus.transports.receiving import receive_side


class Note(Message):
    pass


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> None: ...


@pytest.mark.parametrize(
    ("target", "module"),
    [
        (receive_side, "peerbus.transports.receiving.receive_side"),
        (mailbox, "peerbus.actors.mailbox.mailbox"),
        (Mailbox, "peerbus.actors.mailbox.mailbox"),
        ("peerbus.transports.receiving.receive_side.REPLY_BACKLOG", "peerbus.transports.receiving.receive_side"),
        ("peerbus.actors.mailbox.mailbox.Mailbox.stamp", "peerbus.actors.mailbox.mailbox"),
        ("peerbus.actors.mailbox.Mailbox.stamp", "peerbus.actors.mailbox.mailbox"),
        (stream_limit, None),
        (router, None),
        (Notes, None),
        (Note(), None),
        ("peerbus.actors.router.MAX_WAITING", None),
        ("peerbus.nowhere.MAX_WAITING", None),
        ("os.path.join", None),
    ],
    ids=str,
)
def test_a_target_is_of_the_core_by_its_module(target: object, module: str | None) -> None:
    assert in_core(target) == module


async def test_so_is_an_object_of_a_class_of_it() -> None:
    async with Bus() as bus:
        assert in_core(bus.spawn(Notes)._cell) == "peerbus.actors.engine.loop_cell"
        assert in_core(bus) is None


@pytest.mark.parametrize("verb", ["setattr", "delattr"])
@pytest.mark.parametrize("context", [True, False], ids=["in a context", "by the fixture"])
def test_a_test_that_replaces_something_of_it_fails_and_is_told_what(
    verb: str, context: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = receive_side.REPLY_BACKLOG
    with pytest.MonkeyPatch.context() as patch:
        change = getattr(patch if context else monkeypatch, verb)
        with pytest.raises(
            pytest.fail.Exception, match=r"receive_side\.REPLY_BACKLOG is of peerbus.*pytest\.mark\.pure"
        ):
            change(receive_side, "REPLY_BACKLOG", *([1] if verb == "setattr" else []))
        with pytest.raises(pytest.fail.Exception, match=r"receive_side\.REPLY_BACKLOG is of peerbus"):
            change("peerbus.transports.receiving.receive_side.REPLY_BACKLOG", *([1] if verb == "setattr" else []))
    assert limit == receive_side.REPLY_BACKLOG


@pytest.mark.pure("it replaces a constant of the core")
def test_one_that_is_for_the_pure_build_only_may() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receive_side, "REPLY_BACKLOG", 1)
        assert receive_side.REPLY_BACKLOG == 1


def test_what_is_not_of_it_is_replaced_and_put_back_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = stream_limit.MAX_STREAMS
    with monkeypatch.context() as patch:
        patch.setattr(stream_limit, "MAX_STREAMS", 1)
        patch.setattr(stream_limit, "NEW", 1, raising=False)
        assert stream_limit.MAX_STREAMS == 1
    assert limit == stream_limit.MAX_STREAMS
    assert not hasattr(stream_limit, "NEW")
    with pytest.raises(AttributeError, match="MISSPELLED"):
        monkeypatch.setattr("peerbus.transports.lanes.stream_limit.MISSPELLED", 1)


def test_when_the_watch_ends_monkeypatch_is_as_it_was() -> None:
    before = pytest.MonkeyPatch.setattr
    end = ClosedCore().close()
    assert pytest.MonkeyPatch.setattr is not before
    end()
    assert pytest.MonkeyPatch.setattr is before
