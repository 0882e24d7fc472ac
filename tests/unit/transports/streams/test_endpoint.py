"""An endpoint is parsed once and cannot be invalid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.streams.endpoint import Endpoint, check_node_id, host_of, is_foreign

NODE = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("tcp://127.0.0.1:7000", Endpoint("tcp", host="127.0.0.1", port=7000)),
        ("tcp://localhost:0", Endpoint("tcp", host="localhost")),
        (f"tcp://{NODE}@[::1]:65535", Endpoint("tcp", host="::1", port=65535, peer_id=NODE)),
        ("tcp://[fe80::1%eth0]:1", Endpoint("tcp", host="fe80::1%eth0", port=1)),
        ("unix:///run/peerbus.sock", Endpoint("unix", path="/run/peerbus.sock")),
        (f"unix://{NODE}@/run/a@b", Endpoint("unix", path="/run/a@b", peer_id=NODE)),
        ("unix:///run/a@b", Endpoint("unix", path="/run/a@b")),
        ("memory://alice", Endpoint("memory", path="alice")),
        (f"memory://{NODE}@alice", Endpoint("memory", path="alice", peer_id=NODE)),
    ],
)
def test_the_text_form_is_read_and_written(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(text) == endpoint
    assert str(endpoint) == text


def test_scheme_and_host_are_read_in_any_case_and_any_spelling() -> None:
    assert str(Endpoint.parse("TCP://Node-1.Example.ORG:80")) == "tcp://node-1.example.org:80"
    assert str(Endpoint.parse("tcp://[0:0::0001]:80")) == "tcp://[::1]:80"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("127.0.0.1:7000", "no scheme"),
        ("", "no scheme"),
        ("http://example.org:80", "unknown scheme"),
        ("tcp://example.org", "needs host:port"),
        ("tcp://:7000", "host is missing"),
        ("tcp://example.org:", "not a number"),
        ("tcp://example.org:-1", "not a number"),
        ("tcp://example.org:65536", "65535"),
        ("tcp://example.org:70000000", "not a number"),
        ("tcp://example.org:\u0661", "not a number"),
        ("tcp://example.org:1/path", "not a number"),
        ("tcp://::1:7000", "brackets"),
        ("tcp://[::1:7000", "brackets"),
        ("tcp://[127.0.0.1]:7000", "brackets"),
        ("tcp://[::1%a b]:7000", "neither"),
        ("tcp://1.2.3.256:7000", "neither"),
        ("tcp://exa mple:7000", "neither"),
        ("tcp://-x.org:7000", "neither"),
        (f"tcp://{'a' * 64}.org:7000", "neither"),
        (f"tcp://{'a.' * 127}org:7000", "neither"),
        (f"tcp://{NODE.upper()}@example.org:7000", "64 lower-case"),
        (f"tcp://{NODE[:-1]}@example.org:7000", "64 lower-case"),
        ("tcp://@example.org:7000", "64 lower-case"),
        ("unix://relative/path", "absolute path"),
        ("unix://", "absolute path"),
        ("unix:///", "absolute path"),
        ("unix:///a\0b", "absolute path"),
        ("memory://", "needs a name"),
        ("memory://two words", "needs a name"),
    ],
)
def test_a_wrong_text_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Endpoint.parse(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"scheme": "tcp", "host": "h", "path": "/x"},
        {"scheme": "unix", "path": "/x", "host": "h"},
        {"scheme": "memory", "path": "x", "port": 1},
        {"scheme": "tcp", "host": "h", "peer_id": "alice"},
    ],
)
def test_the_constructor_refuses_what_the_scheme_has_no_place_for(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Endpoint(**parts)  # type: ignore[arg-type]  # wrong on purpose


def test_an_expected_peer_can_be_added_and_removed() -> None:
    place = Endpoint.parse("tcp://h:1")
    assert str(place.with_peer(NODE)) == f"tcp://{NODE}@h:1"
    assert place.with_peer(NODE).without_peer() == place
    assert place.without_peer() is place
    with pytest.raises(ValueError, match="not a node id"):
        place.with_peer("alice")


def test_a_node_id_is_64_lower_case_hexadecimal_digits() -> None:
    assert check_node_id(NODE) == NODE
    for wrong in ("", NODE.upper(), NODE + "0", NODE[:-1] + "g", NODE + "\n"):
        with pytest.raises(ValueError, match="not a node id"):
            check_node_id(wrong)


@given(
    host=st.one_of(st.ip_addresses().map(str), st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)),
    port=st.integers(0, 65535),
    peer=st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
)
def test_every_tcp_endpoint_survives_its_text(host: str, port: int, peer: str | None) -> None:
    endpoint = Endpoint("tcp", host=host, port=port, peer_id=peer)
    assert Endpoint.parse(str(endpoint)) == endpoint


@given(st.text())
def test_any_text_is_an_endpoint_or_a_value_error(text: str) -> None:
    for candidate in (text, f"tcp://{text}", f"unix://{text}", f"memory://{text}", f"tcp://{text}:1"):
        try:
            endpoint = Endpoint.parse(candidate)
        except ValueError:
            continue
        assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("quic://10.0.0.1:7400", True),
        ("nats+tls://hub/demo?x=1", True),
        ("tcp://10.0.0.1:7400", False),
        ("tcp://not right", False),
        ("QUIC://10.0.0.1:7400", False),
        ("quic:10.0.0.1", False),
        ("quic://", False),
        ("quic://a b", False),
        ("quic://\x1b[2J", False),
        ("1quic://h", False),
    ],
)
def test_an_endpoint_of_a_later_version_is_told_from_what_is_none(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("quic://10.0.0.1:7400", "10.0.0.1"),
        ("quic://[fd99:0::1]:7400/x", "fd99::1"),
        ("nats+tls://user@Hub.example/demo?x=1", "hub.example"),
        ("odd://", None),
        ("odd://[x", None),
        ("odd://:7400", None),
        ("odd:///path", None),
    ],
)
def test_the_host_of_an_endpoint_of_a_later_version_is_found(text: str, host: str | None) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("text", "direct", "told", "name"),
    [
        ("tcp://127.0.0.1:1", True, True, False),
        ("tcp://alice.example:1", True, True, True),
        ("unix:///run/a.sock", False, False, False),
        ("memory://a", False, True, False),
    ],
)
def test_its_scheme_says_what_an_endpoint_is(text: str, direct: bool, told: bool, name: bool) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.direct, endpoint.told, endpoint.is_name) == (direct, told, name)
