"""A timeout that is no number is refused in one sentence, on every way to send."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

import peerbus.actors as actors
import peerbus.testing as testing
from peerbus.actors import EVERYONE, LOCAL, Actor, Bus, Channel, Message, Peer, PeerbusError, Reactor, Role, handles
from peerbus.testing import Alone, Probes

TEXT = r"the timeout is '5'; write seconds, inf for no limit, or None for the channel's timeout"


class Hello(Message):
    pass


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Hello,))

    @handles(Hello)
    def greet(self, _hello: Hello) -> str:
        return "hello"


class OnThread(Greeter):
    channel = Channel("thread", messages=(Hello,))
    dispatcher = "thread"


class Sender(Actor):
    @handles(str)
    def send(self, verb: str) -> str:
        with pytest.raises(TypeError) as refused:
            getattr(self, verb)(LOCAL / Greeter, [Hello()], timeout="5")
        return str(refused.value)


def refused(send: Callable[..., object], *arguments: object) -> None:
    with pytest.raises(TypeError, match=TEXT):
        send(*arguments, timeout="5")
    with pytest.raises(TypeError, match="the timeout is True; write seconds"):
        send(*arguments, timeout=True)


def ways(bus: Bus, *refs: object) -> Iterator[object]:
    yield from refs
    yield LOCAL / "greeter"
    yield Peer("0" * 64) / Greeter
    yield Role("archive") / Greeter
    yield Role("archive", "all") / Greeter
    yield EVERYONE / Greeter


async def test_a_timeout_that_is_no_number_is_refused_alike_on_every_way() -> None:
    async with Bus() as bus:
        greeter, thread = bus.spawn(Greeter, name="greeter"), bus.spawn(OnThread, name="thread")
        for to in ways(bus, greeter, thread):
            for wait in (False, True):
                refused(lambda to=to, wait=wait, **given: bus.tell(to, Hello(), wait_for_peer=wait, **given))
                refused(lambda to=to, wait=wait, **given: bus.ask(to, Hello(), wait_for_peer=wait, **given))
            await asyncio.to_thread(refused, bus.tell, to, Hello())
            await asyncio.to_thread(refused, bus.ask, to, Hello())
            refused(bus.tell_many, to, [Hello()])
            await asyncio.to_thread(refused, bus.tell_many, to, [Hello()])
        for ref in (greeter, thread):
            refused(ref.tell, Hello())
            refused(ref.ask, Hello())
            await asyncio.to_thread(refused, ref.ask, Hello())
        sender = bus.spawn(Sender)
        for verb in ("tell", "tell_many", "ask"):
            assert await bus.ask(sender, verb, reply=str) == TEXT
        assert await bus.ask(greeter, Hello(), timeout=Fraction(5)) == "hello"  # type: ignore[call-overload]  # a number


async def test_the_test_kit_refuses_it_alike(probe: Probes) -> None:
    (await probe.bus()).spawn(Greeter, name="greeter")
    plain, peer = await probe(), await probe.peer()
    refused(plain.tell, LOCAL / Greeter, Hello())
    refused(plain.tell_many, LOCAL / Greeter, [Hello()])
    refused(plain.ask, LOCAL / Greeter, Hello())
    refused(peer.ask, "greeter", Hello())
    async with Alone(Greeter) as alone:
        refused(alone.ask, Hello())


def test_every_public_send_with_a_timeout_is_among_these() -> None:
    found = {
        f"{exported.__name__}.{name}"
        for package in (actors, testing)
        for exported in (getattr(package, each) for each in package.__all__)
        if isinstance(exported, type)
        for name in ("tell", "ask", "tell_many", "ask_many")
        if "timeout" in parameters(inspect.getattr_static(exported, name, None))
    }
    here = {f"{sender}.{verb}" for sender in ("Actor", "Bus", "Probe") for verb in ("tell", "tell_many", "ask")}
    here |= {"Ref.tell", "Ref.ask", "Alone.ask", "PeerProbe.ask"}
    elsewhere = {f"Reactor.{verb}" for verb in ("tell", "tell_many", "ask")}
    assert {each for each in found - elsewhere if not each.startswith("Link.")} == here  # of which a bus asks, checked


def parameters(method: Any) -> Any:
    return inspect.signature(method).parameters if callable(method) else ()


def test_a_channel_refuses_what_is_no_number_by_name() -> None:
    for key in ("timeout", "mailbox", "window_bytes"):
        with pytest.raises(TypeError, match=f"channel 'greeter': {key} is '5'"):
            Channel("greeter", messages=(Hello,), **{key: "5"})  # type: ignore[call-overload]  # the mistake


def test_a_bus_that_does_not_run_says_that_of_a_good_timeout() -> None:
    with pytest.raises(PeerbusError, match="does not run"):
        Bus().ask(LOCAL / Greeter, Hello(), timeout=5)
