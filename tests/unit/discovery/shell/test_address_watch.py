"""A change of the machine's addresses is told when it has settled, and ever less often where it never ends."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.discovery.records import LocalAddress
from peerbus.discovery.shell.address_watch import LEAST_GAP, MOST_GAP, POLL, SETTLE, AddressWatch, Damper

LAN, NEW = LocalAddress("192.168.1.7", 24, "eth0"), LocalAddress("192.168.1.8", 24, "eth0")


def test_a_change_is_looked_at_when_it_has_settled() -> None:
    assert Damper().pause(100.0) == SETTLE


def test_a_change_that_never_ends_is_looked_at_ever_less_often() -> None:
    damper, now, gaps = Damper(), 100.0, []
    for _ in range(12):
        damper.changed(now)
        gaps.append(damper.pause(now))
        now += gaps[-1]
    assert gaps[0] == LEAST_GAP
    assert gaps == sorted(gaps)
    assert gaps[-1] == MOST_GAP
    damper.changed(now + 10 * MOST_GAP)
    assert damper.pause(now + 10 * MOST_GAP) == LEAST_GAP


class Machine:
    """Its addresses, as a test has them."""

    def __init__(self, *addresses: LocalAddress) -> None:
        self.addresses = addresses
        self.fails = False
        self.looks: list[bool] = []
        self.looked = asyncio.Event()

    def read(self) -> tuple[LocalAddress, ...]:
        if self.fails:
            raise OSError("no netlink here")
        return self.addresses

    def note(self, changed: bool) -> None:  # as it is called
        self.looks.append(changed)
        self.looked.set()

    async def next_look(self) -> bool:
        self.looked.clear()
        await self.looked.wait()
        return self.looks[-1]

    def watch(self) -> AddressWatch:
        return AddressWatch("alice", asyncio.get_running_loop(), copy_context(), self.note, read=self.read)


@in_virtual_time
async def test_what_has_come_and_gone_is_told_and_logged() -> None:
    machine = Machine(LAN)
    watch = machine.watch()
    watch.start()
    assert watch.here() == (LAN,)
    assert not await machine.next_look()
    machine.addresses = (NEW,)
    assert await machine.next_look()
    watch.close()
    assert watch.addresses == (NEW,)
    (line,) = log_of_the_loop().lines
    assert (line["event"], line["new"], line["gone"]) == (
        "addresses of this machine changed",
        ["192.168.1.8/24 on eth0"],
        ["192.168.1.7/24 on eth0"],
    )
    assert asyncio.get_running_loop().time() >= POLL
    watch.close()


@in_virtual_time
async def test_what_cannot_be_read_is_as_it_was_and_said_once() -> None:
    machine = Machine(LAN)
    watch = machine.watch()
    watch.start()
    machine.fails = True
    assert not await machine.next_look()
    assert not await machine.next_look()
    watch.close()
    assert watch.addresses == (LAN,)
    assert [line["event"] for line in log_of_the_loop().lines] == ["the addresses of this machine cannot be read"]
