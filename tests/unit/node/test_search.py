"""An error names each way in which the node looked for peers."""

from __future__ import annotations

from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.shell.finders import MdnsOptions
from peerbus.node.search import meeting_places, search_text
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.streams import Identity, TcpTransport, Transport
from peerbus.transports.streams.endpoint import Endpoint


def places(count: int) -> list[Endpoint]:
    return [Endpoint.parse(f"tcp://10.0.0.{number}:7400") for number in range(count)]


def test_every_way_is_named() -> None:
    text = search_text(
        "prod",
        mdns=MdnsOptions(),
        pex=PexOptions(),
        finders=["dns"],
        persistent=places(1),
        seeds=places(2)[1:],
        met=True,
    )
    assert text == (
        "this node looks for peers of the network 'prod' by mDNS on all interfaces, by dns, at tcp://10.0.0.0:7400, "
        "at the seeds tcp://10.0.0.1:7400, by asking peers for theirs"
    )


def test_a_long_list_is_cut() -> None:
    text = search_text("prod", mdns=None, pex=None, finders=(), persistent=places(6), seeds=(), met=True)
    assert text.endswith("tcp://10.0.0.3:7400 and 2 more")


def test_where_there_is_no_way_it_says_what_would_be_one() -> None:
    text = search_text("prod", mdns=None, pex=PexOptions(), finders=(), persistent=(), seeds=(), met=True)
    assert text == (
        "this node looks for no peers; give it mdns=True, peers=[…] or finders=…, or dial it from a node of the "
        "network 'prod'"
    )


def test_it_says_what_failed_last_and_who_was_not_let_in_as_long_as_nobody_was() -> None:
    for met, said in ((False, "; the last node that came was not let in: b"), (True, "")):
        text = search_text(
            "prod",
            mdns=None,
            pex=None,
            finders=["dns"],
            persistent=(),
            seeds=(),
            met=met,
            not_reached="a",
            not_let_in="b",
        )
        assert text.endswith(f"; the last dial came to nothing: a{said}")


def test_it_says_that_nobody_was_met_and_which_other_networks_were_heard_of() -> None:
    text = search_text(
        "prod",
        mdns=MdnsOptions(),
        pex=None,
        finders=(),
        persistent=(),
        seeds=(),
        met=False,
        other_networks=["test"],
    )
    assert text.endswith(", and has met none since its start; mDNS has heard of other networks: 'test'")


def test_who_listens_where_nodes_meet_looks_there() -> None:
    identity = Identity.from_seed(b"a" * 32)
    transports: list[Transport] = [TcpTransport(identity), NatsTransport(identity, [NatsServer("broker", 4222)])]
    tcp, nats = read_endpoint("tcp://127.0.0.1:0"), read_endpoint("nats://broker:4222/lan")
    assert meeting_places(transports, [tcp, nats, nats]) == ("nats",)
    assert meeting_places(transports, [tcp]) == ()
    assert meeting_places(transports[:1], [nats]) == ()
