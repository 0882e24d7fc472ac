"""Nodes find each other by real multicast DNS, on the loopback interface only."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.events import Candidate, PeerUp
from peerbus.discovery.mdns import mdns as mdns_module
from peerbus.discovery.mdns.mdns import Mdns
from peerbus.discovery.mdns.service_record import SERVICE_TYPE, instance_name
from peerbus.node import Node
from peerbus.transports.streams.endpoint import Endpoint

#: Far above what loopback takes (milliseconds); a test that waits that long has failed.
PATIENCE = 20.0
ALICE, BOB, CAROL = "a" * 64, "b" * 64, "c" * 64

CHILD = """
import asyncio, sys
from peerbus.discovery.mdns import Mdns
from peerbus.transports import Endpoint

async def main():
    node_id, network, port = sys.argv[1:4]
    mdns = Mdns(node_id, network, endpoints=lambda _: [Endpoint("tcp", host="127.0.0.1", port=int(port))],
                roles=["archive"], interfaces=["127.0.0.1"],
                on_found=lambda c: print("found", c.node_id, flush=True),
                on_lost=lambda n: print("lost", n, flush=True))
    assert await mdns.start()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await mdns.aclose()

asyncio.run(main())
"""


class Ears:
    """Keeps what one node hears, and wakes who waits for it."""

    def __init__(self) -> None:
        self.found: list[Candidate] = []
        self.lost: list[str] = []
        self._news = asyncio.Event()

    def on_found(self, candidate: Candidate) -> None:
        self.found.append(candidate)
        self._news.set()

    def on_lost(self, node_id: str) -> None:
        self.lost.append(node_id)
        self._news.set()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()


def send_pointers(names: list[str]) -> None:
    """Multicast one response on loopback that names these instances and says nothing else of them."""

    def encoded(name: str) -> bytes:
        labels = [label.encode() for label in name.rstrip(".").split(".")]
        return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"

    packet = struct.pack("!6H", 0, 0x8400, 0, len(names), 0, 0)  # an authoritative response (RFC 6762 §18)
    for name in names:
        target = encoded(name)
        packet += encoded(SERVICE_TYPE) + struct.pack("!2HIH", 12, 1, 4500, len(target)) + target
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.sendto(packet, ("224.0.0.251", 5353))


def at(port: int) -> list[Endpoint]:
    return [Endpoint("tcp", host="127.0.0.1", port=port)]


Advertise = Callable[..., Awaitable[tuple[Mdns, Ears]]]


@pytest_asyncio.fixture
async def advertise() -> AsyncIterator[Advertise]:
    """A function that starts a node's discovery on loopback; all are closed after the test."""
    async with AsyncExitStack() as stack:

        async def start(
            node_id: str, roles: Iterable[str] = (), *, network: str = "test", port: int | None = 7400
        ) -> tuple[Mdns, Ears]:
            ears = Ears()
            mdns = Mdns(
                node_id,
                network,
                endpoints=lambda _: () if port is None else at(port),
                roles=roles,
                on_found=ears.on_found,
                on_lost=ears.on_lost,
                interfaces=["127.0.0.1"],
            )
            stack.push_async_callback(mdns.aclose)
            assert await mdns.start()
            return mdns, ears

        yield start


async def test_two_nodes_find_each_other_with_address_and_roles(advertise: Advertise) -> None:
    _, alice = await advertise(ALICE, ["archive", "index"], port=7401)
    _, bob = await advertise(BOB, port=7402)
    await alice.wait_for(lambda: bool(alice.found))
    await bob.wait_for(lambda: bool(bob.found))
    at = Endpoint("tcp", host="127.0.0.1", port=7401, peer_id=ALICE)
    assert bob.found == [Candidate(ALICE, (at,), ("archive", "index"), "mdns")]
    assert [c.node_id for c in alice.found] == [BOB]


async def test_a_change_of_roles_is_heard(advertise: Advertise) -> None:
    mdns, _ = await advertise(ALICE, ["archive"])
    _, bob = await advertise(BOB)
    await bob.wait_for(lambda: bool(bob.found))
    await mdns.update(["archive", "index"])
    await bob.wait_for(lambda: bob.found[-1].roles == ("archive", "index"))


async def test_a_goodbye_is_heard(advertise: Advertise) -> None:
    mdns, _ = await advertise(ALICE)
    listener, bob = await advertise(BOB)
    await bob.wait_for(lambda: bool(bob.found))
    await mdns.aclose()
    await bob.wait_for(lambda: bob.lost == [ALICE])
    statistics = listener.statistics()
    assert (statistics.found, statistics.lost) == (1, 1)


async def test_nodes_of_another_network_are_ignored_and_counted(advertise: Advertise) -> None:
    await advertise(ALICE, network="other")
    listener, bob = await advertise(BOB)
    await advertise(CAROL)
    await bob.wait_for(lambda: bool(bob.found))
    assert {c.node_id for c in bob.found} == {CAROL}
    assert listener.statistics().ignored["network"] >= 1
    assert "other" in listener.statistics().networks


async def test_a_node_does_not_find_itself(advertise: Advertise) -> None:
    listener, alice = await advertise(ALICE)
    await advertise(BOB)
    await alice.wait_for(lambda: bool(alice.found))
    assert {c.node_id for c in alice.found} == {BOB}
    assert listener.statistics().ignored["self"] >= 1


async def test_a_restarted_node_is_found_at_its_new_port(advertise: Advertise) -> None:
    old, _ = await advertise(ALICE, port=7401)
    _, bob = await advertise(BOB)
    await bob.wait_for(lambda: bool(bob.found))
    await old.aclose()
    await advertise(ALICE, port=7499)
    await bob.wait_for(lambda: bob.found[-1].endpoints[0].port == 7499)


async def test_strange_records_of_our_service_type_are_ignored(advertise: Advertise) -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    listener, bob = await advertise(BOB)
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as stranger:
        for name, properties in (
            (f"printer.{SERVICE_TYPE}", {"v": "1"}),
            (instance_name(CAROL), {"v": "1", "id": "not an id", "net": "test"}),
            (instance_name("d" * 64), {"v": "1", "id": "d" * 64, "net": "test", "at": "nowhere"}),
        ):
            info = AsyncServiceInfo(
                SERVICE_TYPE,
                name,
                port=9,
                properties=properties,
                server=f"{name[:4]}.local.",
                parsed_addresses=["127.0.0.1"],
            )
            await stranger.async_register_service(info, cooperating_responders=True)
        await advertise(ALICE)
        await bob.wait_for(lambda: any(c.node_id == ALICE for c in bob.found))
    assert [c.node_id for c in bob.found] == [ALICE]
    assert {"name", "id", "addresses"} <= set(listener.statistics().ignored)


async def test_malformed_and_oversized_text_is_ignored(advertise: Advertise) -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    listener, bob = await advertise(BOB)
    whole = b"".join(bytes([len(text)]) + text for text in (b"v=1", b"id=" + CAROL.encode(), b"net=test"))
    texts = (b"\xff", whole[:-3], b"\x00" * 40, bytes(range(256)), whole + b"\xffx=" + b"y" * 253 + whole * 20)
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as stranger:
        for number, text in enumerate(texts):
            info = AsyncServiceInfo(
                SERVICE_TYPE,
                instance_name(CAROL[:-1].replace("c", str(number), 1) + CAROL[-1]),
                port=9,
                properties=text,
                server=f"stranger{number}.local.",
                parsed_addresses=["127.0.0.1"],
            )
            await stranger.async_register_service(info, cooperating_responders=True)
        await advertise(ALICE)
        await bob.wait_for(lambda: any(c.node_id == ALICE for c in bob.found))
    assert [c.node_id for c in bob.found] == [ALICE]
    assert {"version", "size"} <= set(listener.statistics().ignored)


async def test_names_without_records_are_looked_up_a_few_at_a_time_and_found_when_the_records_come(
    advertise: Advertise,
) -> None:
    listener, bob = await advertise(BOB)

    def lookups() -> int:
        return sum(task.get_name() == "mdns-lookup" for task in asyncio.all_tasks())

    send_pointers([instance_name(CAROL), *(instance_name(f"{n:064}"[::-1]) for n in range(40))])
    await advertise(ALICE)
    await bob.wait_for(lambda: [c.node_id for c in bob.found] == [ALICE])
    assert lookups() == 16
    await advertise(CAROL)
    await bob.wait_for(lambda: [c.node_id for c in bob.found] == [ALICE, CAROL])
    await listener.aclose()
    assert lookups() == 0


async def test_a_name_whose_records_come_after_its_lookup_was_given_up_is_found_still(
    advertise: Advertise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mdns_module, "LOOKUP_TIMEOUT", 20)
    listener, bob = await advertise(BOB)
    send_pointers([instance_name(CAROL)])
    await advertise(ALICE)
    await bob.wait_for(lambda: [c.node_id for c in bob.found] == [ALICE])
    given_up = [task for task in asyncio.all_tasks() if task.get_name() == "mdns-lookup"]
    if given_up:
        await asyncio.wait(given_up)
    assert listener.statistics().ignored["unresolved"] == 1
    await advertise(CAROL)
    await bob.wait_for(lambda: bob.found[-1].node_id == CAROL)


async def test_a_flood_of_names_that_nominate_nobody_hides_no_real_node(
    advertise: Advertise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mdns_module, "MAX_TRACKED", 8)
    _, bob = await advertise(BOB)
    send_pointers([instance_name(f"{n:064}"[::-1]) for n in range(40)])
    await advertise(ALICE)
    await bob.wait_for(lambda: [c.node_id for c in bob.found] == [ALICE])


async def test_more_nodes_than_are_followed_are_counted(advertise: Advertise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdns_module, "MAX_TRACKED", 1)
    listener, bob = await advertise(BOB)
    first, _ = await advertise(ALICE)
    await bob.wait_for(lambda: [c.node_id for c in bob.found] == [ALICE])
    await advertise(CAROL)
    await first.aclose()  # its goodbye arrives after Carol's record
    await bob.wait_for(lambda: bob.lost == [ALICE])
    assert listener.statistics().ignored["too_many"] >= 1


async def test_a_node_that_nobody_can_dial_finds_others_and_is_found_by_none(advertise: Advertise) -> None:
    _, alice = await advertise(ALICE, ["archive"])
    looking, bob = await advertise(BOB, port=None)
    await bob.wait_for(lambda: bool(bob.found))
    await looking.update(["index"])
    _, carol = await advertise(CAROL)
    await alice.wait_for(lambda: bool(alice.found))
    await carol.wait_for(lambda: bool(carol.found))
    assert [candidate.node_id for candidate in alice.found] == [CAROL]
    assert [candidate.node_id for candidate in carol.found] == [ALICE]


async def test_a_machine_without_multicast_goes_on_with_one_warning() -> None:
    ears = Ears()
    mdns = Mdns(
        ALICE,
        "test",
        endpoints=lambda _: at(7400),
        roles=(),
        on_found=ears.on_found,
        on_lost=ears.on_lost,
        interfaces=["203.0.113.77"],  # TEST-NET-3 (RFC 5737): on no interface
    )
    with capture_logs() as logs:
        assert not await mdns.start()
    await mdns.aclose()
    (entry,) = [entry for entry in logs if entry["log_level"] == "warning"]
    assert entry["event"] == "mdns unavailable"
    assert entry["interfaces"] == ["203.0.113.77"]
    assert entry["error"] == entry["error"]
    assert "no interface here is, or has, 203.0.113.77" in entry["error"]
    assert "configured peers" in entry["still_works"]


async def test_what_can_be_no_interface_is_a_config_error() -> None:
    ears = Ears()
    mdns = Mdns(
        ALICE,
        "test",
        endpoints=lambda _: at(7400),
        roles=(),
        on_found=ears.on_found,
        on_lost=ears.on_lost,
        interfaces=["127.0.0.1/8"],
    )
    with pytest.raises(ConfigError, match=r"'127\.0\.0\.1/8' is neither"):
        await mdns.start()


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8])
async def test_a_start_that_is_cancelled_half_way_leaves_nothing(turns: int) -> None:
    ears = Ears()
    mdns = Mdns(
        ALICE,
        "test",
        endpoints=lambda _: at(7400),
        roles=(),
        on_found=ears.on_found,
        on_lost=ears.on_lost,
        interfaces=["127.0.0.1"],
    )
    starting = asyncio.create_task(mdns.start())
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait([starting])
    await mdns.aclose()


async def test_aclose_can_be_cancelled_and_called_again(advertise: Advertise) -> None:
    mdns, _ = await advertise(ALICE)
    closing = asyncio.create_task(mdns.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    await mdns.aclose()


async def test_a_goodbye_that_is_cut_off_by_the_end_of_the_loop_leaves_no_socket(advertise: Advertise) -> None:
    mdns, _ = await advertise(ALICE)
    closing = asyncio.create_task(mdns.aclose())
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task.get_name() == "mdns-close":
            task.cancel()
    await closing
    await mdns.aclose()


async def test_two_processes_find_each_other_and_one_hears_the_other_leave(
    advertise: Advertise,
) -> None:
    _, alice = await advertise(ALICE)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        BOB,
        "test",
        "7402",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await alice.wait_for(lambda: any(c.node_id == BOB for c in alice.found))
        assert child.stdout is not None
        assert await child.stdout.readline() == f"found {ALICE}\n".encode()
        await child.communicate(b"\n")
        await alice.wait_for(lambda: BOB in alice.lost)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 0


async def test_a_node_that_listens_nowhere_finds_its_peers() -> None:
    bob = Node("bob", network="dial-only", listen=["tcp://127.0.0.1:0"], mdns=["127.0.0.1"])
    alice = Node("alice", network="dial-only", mdns=["127.0.0.1"])
    async with bob, alice:
        with alice.subscribe(PeerUp) as ups:
            if bob.node_id not in alice.peers:
                async with asyncio.timeout(PATIENCE):
                    assert (await ups.get()).node_id == bob.node_id
