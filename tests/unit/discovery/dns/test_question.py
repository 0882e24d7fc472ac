"""What is asked of a name server on loopback, and what its answers come to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from name_server import NameServer, name_server

from peerbus.discovery.dns.question import Asker, FoundPlaces, Question, parse_question
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.names import Names
from peerbus.transports.streams.scope import Scope


@pytest.fixture(scope="module")
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
        ("dns://a?port=1&scheme=unix", "no host"),
        ("dns://a?port=1&server=names.example", "server 'names.example' is no address"),
    ],
)
def test_a_url_that_is_wrong_says_why(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_question(url)
