"""What is asked of a name server on loopback, and what its answers come to."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from typing import cast

import pytest
from name_server import NameServer, name_server

from peerbus.discovery.dns.question import NOBODY, PARTLY, Asker, FoundPlaces, Question, parse_question
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.names import Names
from peerbus.transports.streams.scope import Scope


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as made:
        made.ttl = 7
        made.names = {
            "peers.example": ["10.0.0.1", "10.0.0.2", "fd99::1", "0.0.0.0"],  # noqa: S104 - nobody listens
            "pod-0.peers.example": ["10.0.0.3"],
        }
        made.services = {
            "_peerbus._tcp.peers.example": [
                (7400, "pod-0.peers.example"),
                (7401, "pod-0.peers.example"),
                (9, "gone.example"),
            ],
            "_none._tcp.peers.example": [],
        }
        yield made


def ask(server: NameServer, name: str, more: str = "") -> Asker:
    address, port = server.address
    return Asker(parse_question(f"dns://{name}?server={address}:{port}{more}"), Names(lambda _: []))


def texts(answer: FoundPlaces) -> list[str]:
    return sorted(map(str, answer.places))


async def test_a_service_is_at_the_ports_and_hosts_that_its_records_name(server: NameServer) -> None:
    answer = await ask(server, "_peerbus._tcp.peers.example").ask()
    assert texts(answer) == ["tcp://10.0.0.3:7400", "tcp://10.0.0.3:7401"]


async def test_the_port_of_a_service_of_this_machine_is_only_for_a_server_here_to_say(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.names["rebound.example"] = ["127.0.0.1", "169.254.169.254", "10.0.0.4"]
    server.services["_rebound._tcp.example"] = [(6379, "rebound.example")]
    assert len((await ask(server, "_rebound._tcp.example").ask()).places) == 3
    monkeypatch.setattr("peerbus.discovery.dns.question.scope_of_host", lambda _: Scope.NETWORK)
    assert texts(await ask(server, "_rebound._tcp.example").ask()) == ["tcp://10.0.0.4:6379"]
    assert len((await ask(server, "rebound.example", "&type=A&port=7400").ask()).places) == 3, "the operator's port"


async def test_addresses_of_both_versions_are_good_for_as_long_as_the_answer_says(server: NameServer) -> None:
    answer = await ask(server, "peers.example", "&type=A&port=7400").ask()
    assert texts(answer) == ["tcp://10.0.0.1:7400", "tcp://10.0.0.2:7400", "tcp://[fd99::1]:7400"]
    assert answer.ttl == 7.0
    server.ttl = 9
    assert (await ask(server, "peers.example", "&type=A&port=7400").ask()).ttl == 9.0


@pytest.mark.parametrize(
    ("name", "more"), [("_none._tcp.peers.example", ""), ("_no._tcp.example", ""), ("no.example", "&type=A&port=1")]
)
async def test_that_nobody_is_there_is_an_answer(server: NameServer, name: str, more: str) -> None:
    answer = await ask(server, name, more).ask()
    assert answer.places == ()
    assert answer.ttl > 0


async def test_nobody_is_good_for_as_long_as_the_zone_says_and_half_a_minute_at_most(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [("no.example", "&type=A&port=1"), ("_no._tcp.example", ""), ("_none._tcp.peers.example", "")]
    for nobody, ttl in ((5, 5.0), (600, NOBODY), (None, NOBODY)):
        monkeypatch.setattr(server, "nobody", nobody)
        monkeypatch.setattr(server, "ttl", 3600)
        assert [(await ask(server, *name).ask()).ttl for name in names] == [ttl] * 3


async def test_an_alias_is_good_for_its_own_time_and_followed_where_the_server_leaves_it(server: NameServer) -> None:
    server.names["far.example"] = ["10.0.0.5", "fd99::5"]
    server.aliases = {
        "one.example": ("two.example", 3),
        "two.example": ("far.example", 5),
        "loop.example": ("pool.example", 5),
        "pool.example": ("loop.example", 5),
    }
    for apart in (set[str](), {"far.example"}, {"two.example", "far.example"}):
        server.apart = apart
        answer = await ask(server, "one.example", "&type=A&port=7400").ask()
        assert texts(answer) == ["tcp://10.0.0.5:7400", "tcp://[fd99::5]:7400"]
        assert answer.ttl == 3.0
    server.apart = {"loop.example", "pool.example"}
    with pytest.raises(OSError, match="alias"):
        await ask(server, "loop.example", "&type=A&port=7400").ask()


async def test_addresses_of_one_version_are_no_less_good_where_the_server_fails_at_the_other(
    server: NameServer,
) -> None:
    for kind, left in (("A", ["tcp://[fd99::1]:1"]), ("AAAA", ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1"])):
        server.failing = {("peers.example", kind)}
        answer = await ask(server, "peers.example", "&type=A&port=1").ask()
        assert texts(answer) == left
    server.failing = {("pod-0.peers.example", "A")}
    with pytest.raises(OSError, match=r".+"):  # it has no others, and may have these
        await ask(server, "pod-0.peers.example", "&type=A&port=1").ask()


async def test_of_a_service_one_host_that_cannot_be_asked_for_takes_away_neither_the_others_nor_itself(
    server: NameServer,
) -> None:
    server.aliases = {f"host-{number}.example": (f"pod-{number}.example", 60) for number in range(3)}
    server.names |= {f"pod-{number}.example": [f"10.0.1.{number}"] for number in range(3)}
    server.services["_some._tcp.example"] = [(7400, f"host-{number}.example") for number in range(3)]
    asker, all_of_them = ask(server, "_some._tcp.example"), [f"tcp://10.0.1.{number}:7400" for number in range(3)]
    assert texts(await asker.ask()) == all_of_them
    server.failing = {("pod-1.example", kind) for kind in ("A", "AAAA")}
    answer = await asker.ask()
    assert texts(answer) == all_of_them
    assert answer.ttl <= PARTLY
    assert texts(await ask(server, "_some._tcp.example").ask()) == [all_of_them[0], all_of_them[2]]
    server.failing = {(f"pod-{number}.example", kind) for number in range(3) for kind in ("A", "AAAA")}
    assert texts(await asker.ask()) == all_of_them
    with pytest.raises(OSError, match=r".+"):
        await ask(server, "_some._tcp.example").ask()


async def test_an_address_of_another_class_beside_a_service_is_none_and_takes_nothing_away() -> None:
    host = b"\x01h" + b"\xc0\x0c"

    class Strange(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            kind, answers, more = data[-3], b"", b""
            if kind == 33:
                answers = b"\xc0\x0c" + struct.pack(">HHIHHHH", 33, 1, 5, 10, 0, 0, 7400) + host
                more = host + struct.pack(">HHIH", 1, 77, 5, 4) + bytes((10, 0, 0, 9))
            elif kind == 1:
                answers = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + bytes((10, 0, 0, 1))
            head = struct.pack(">HHHHH", 0x8180, 1, bool(answers), 0, bool(more))
            self.transport.sendto(data[:2] + head + data[12:] + answers + more, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Strange, local_addr=("127.0.0.1", 0))
    try:
        question = Question("_x._tcp.example", "SRV", server=transport.get_extra_info("sockname"))
        answer = await Asker(question, Names(lambda _: [])).ask()
    finally:
        transport.close()
    assert texts(answer) == ["tcp://10.0.0.1:7400"]


async def test_no_server_is_no_answer(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.discovery.dns.question.TIMEOUT", 0.1)
    server.silent.add("silent.example")
    with pytest.raises(OSError, match=r".+"):
        await ask(server, "silent.example", "&type=A&port=1").ask()


async def test_a_name_of_the_hosts_file_is_found_by_the_system(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asker(Question("printer", "A", 7400), Names(lambda _: ["127.0.0.9"]))
    address, port = server.address
    there = parse_question(f"dns://x?type=A&port=1&server={address}:{port}").server
    monkeypatch.setattr("dns.asyncresolver.Resolver", _resolver_at(there))
    answer = await asked.ask()
    assert answer.places == (Endpoint("tcp", "127.0.0.9", 7400),)


def _resolver_at(there: tuple[str, int] | None) -> object:
    import dns.asyncresolver

    real = dns.asyncresolver.Resolver
    assert there is not None

    def make(configure: bool = True) -> dns.asyncresolver.Resolver:
        resolver = real(configure=False)
        resolver.nameservers, resolver.port = [there[0]], there[1]
        return resolver

    return make


@pytest.mark.parametrize(
    ("url", "question"),
    [
        ("dns://_peerbus._tcp.example.org", Question("_peerbus._tcp.example.org", "SRV")),
        ("dns://example.org?port=7400", Question("example.org", "A", 7400)),
        ("dns://peers?type=a&port=1&server=[::1]:53", Question("peers", "A", 1, server=("::1", 53))),
        ("dns://peers?port=1&scheme=libp2p+tcp", Question("peers", "A", 1, "libp2p+tcp")),
        ("dns://peers?type=srv&server=10.0.0.1", Question("peers", "SRV", server=("10.0.0.1", 53))),
    ],
)
def test_a_url_asks_a_question(url: str, question: Question) -> None:
    assert parse_question(url) == question


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("dns://", "asks nothing"),
        ("dns://a/b", "asks nothing"),
        ("dns://a?port=1&kind=A", "asks nothing"),
        ("dns://a?type=MX", "asks for MX"),
        ("dns://a?type=A", "an address has no port"),
        ("dns://a?type=SRV&port=1", "an SRV record has one"),
        ("dns://a?port=70000", "port '70000' is not"),
        ("dns://a?port=x", "port 'x' is not"),
        ("dns://a..b?port=1", "is no name"),
        ("dns://a:7400?port=1", "'a:7400' is no name: write dns://"),
        ("dns://user@a?port=1", "is no name"),
        ("dns://a?port=1#b", "asks nothing"),
        ("dns://a?port=1&scheme=unix", "no host"),
        ("dns://a?port=1&server=names.example", "server 'names.example' is no address"),
    ],
)
def test_a_url_that_is_wrong_says_why(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_question(url)
