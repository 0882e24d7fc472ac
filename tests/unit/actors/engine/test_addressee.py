"""What an actor takes, and how a send to it fails before it has begun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, Channel, DeadlineExceeded, MessageTypeError, Reactor, Ref, SendError, handles

#: To a type checker anything.
UNKNOWN: Any = "unknown"


@dataclass(frozen=True, slots=True)
class Known:
    number: int


class Declares(Reactor):
    """Takes what its channel declares."""

    channel = Channel("declares", (Known,))

    @handles(Known)
    def echo(self, message: Known) -> int:
        return message.number


class Takes(Actor):
    """Has no channel: takes whatever comes."""

    def on_receive(self, message: object) -> object:
        return message


class TakesOnThread(Takes):
    dispatcher = "thread"


async def error_of(sent: object) -> SendError:
    with pytest.raises(SendError) as caught:
        await sent  # type: ignore[misc]  # an outcome
    return caught.value


async def test_what_no_channel_declares_is_refused_and_counted() -> None:
    async with Bus() as bus:
        ref: Ref[Declares] = bus.spawn(Declares)
        assert isinstance(await error_of(bus.tell(ref, UNKNOWN)), MessageTypeError)
        assert isinstance(await error_of(bus.ask(ref, UNKNOWN)), MessageTypeError)
        assert await bus.ask(ref, Known(3)) == 3
        assert sum(ref.statistics().failed.values()) == 2


@pytest.mark.parametrize("kind", [Takes, TakesOnThread])
async def test_a_send_without_time_fails_and_a_tell_with_none_to_wait_does_not(kind: type[Takes]) -> None:
    async with Bus() as bus:
        ref: Ref[Takes] = bus.spawn(kind)
        assert isinstance(await error_of(bus.tell(ref, 1, timeout=-1.0)), DeadlineExceeded)
        assert isinstance(await error_of(bus.ask(ref, 1, timeout=0.0)), DeadlineExceeded)
        await bus.tell(ref, 1, timeout=0.0)
        with pytest.raises(ValueError, match="nan"):
            bus.tell(ref, 1, timeout=math.nan)
        with pytest.raises(ValueError, match="nan"):
            await bus.ask(ref, 1, timeout=math.nan)
        account = ref.statistics().account
        assert sum(account.failed.values()) == 2
        assert account.balanced


async def test_an_error_gives_the_message_back_and_keeps_no_frame_of_the_sender() -> None:
    async with Bus() as bus:
        ref: Ref[Declares] = bus.spawn(Declares)
        error = bus.tell(ref, UNKNOWN).error  # type: ignore[attr-defined]  # of one that has failed
        assert error.message == "unknown"
        assert error.__traceback__ is None
