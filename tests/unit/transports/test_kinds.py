"""A kind of transport joins by being installed, once its scheme is configured, and in no built-in's place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from brought import package

from peerbus.actors.base import ConfigError
from peerbus.transports.kinds import (
    check_endpoint,
    kind_of,
    make_transport,
    make_transports,
    read_endpoint,
    read_settings,
    schemes_installed,
)
from peerbus.transports.streams import schemes
from peerbus.transports.streams.endpoint import Endpoint, is_foreign
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.transport_kind import TransportOptions

OPTIONS = TransportOptions(identity=Identity.from_seed(b"a" * 32))
SOURCE = """
from peerbus.transports import TransportKind, Scheme
from peerbus.transports.streams.schemes import scheme_named

class Pigeons:
    schemes = ("pigeon",)

KIND = TransportKind(scheme=Scheme.over_ip("pigeon"), make=lambda options: Pigeons())

def broken(*_):
    raise KeyError("feather")

LAME = TransportKind(scheme=Scheme.over_ip("lame"), make=broken, settings=broken, check=broken)
STUFFED = TransportKind(scheme=Scheme.over_ip("stuffed"), make=lambda options: None)
STRAY = TransportKind(scheme=Scheme.over_ip("stray"), make=lambda options: Pigeons())
MEMORY = TransportKind(scheme=scheme_named("memory"), make=lambda options: Pigeons())
"""


@pytest.fixture
def pigeons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(schemes, "_REGISTERED", dict(schemes._REGISTERED))
    points = {"pigeon": "pigeons:KIND", "tcp": "pigeons:KIND", "dove": "pigeons:KIND"}
    points |= {name: f"pigeons:{name.upper()}" for name in ("lame", "stuffed", "stray", "memory")}
    with package(tmp_path, "pigeons", SOURCE, {"peerbus.transports": points}):
        yield


@pytest.mark.usefixtures("pigeons")
def test_a_package_is_imported_when_its_scheme_is_configured() -> None:
    assert [(each.name, each.by) for each in schemes_installed() if each.by == "pigeons"] == [
        ("dove", "pigeons"),
        ("lame", "pigeons"),
        ("pigeon", "pigeons"),
        ("stray", "pigeons"),
        ("stuffed", "pigeons"),
    ]
    assert is_foreign("pigeon://loft:1")
    with pytest.raises(ValueError, match="unknown scheme"):
        Endpoint.parse("pigeon://loft:1")
    assert "pigeons" not in sys.modules, "what a peer says loads nothing"
    endpoint = read_endpoint("PIGEON://loft:1")
    assert str(endpoint) == "pigeon://loft:1"
    check_endpoint(endpoint)
    assert make_transport(endpoint, OPTIONS).schemes == ("pigeon",)
    made = make_transports([endpoint, endpoint, Endpoint.parse("tcp://h:1")], OPTIONS)
    assert [transport.schemes for transport in made] == [("tcp",), ("unix",), ("pigeon",)]


@pytest.mark.usefixtures("pigeons")
def test_a_built_in_is_never_replaced_and_a_wrong_name_is_refused() -> None:
    assert kind_of("tcp").scheme.name == "tcp"
    assert kind_of("tcp").make(OPTIONS).schemes == ("tcp",)
    with pytest.raises(ConfigError, match="installed as the scheme 'dove' is the kind of 'pigeon'"):
        kind_of("dove")


@pytest.mark.usefixtures("pigeons")
def test_what_a_package_brings_that_is_broken_is_named() -> None:
    lame = read_endpoint("lame://loft:1")
    why = "the scheme lame is broken: KeyError: 'feather'"
    with pytest.raises(ValueError, match=why):
        check_endpoint(lame)
    with pytest.raises(ConfigError, match=why):
        make_transports([lame], OPTIONS)
    with pytest.raises(ConfigError, match=why):
        read_settings("lame", {}, Path("/"))
    for scheme, made in (("stuffed", "None"), ("stray", "<pigeons.Pigeons")):
        with pytest.raises(ConfigError, match=f"the scheme {scheme} is broken: it makes {made}"):
            make_transports([read_endpoint(f"{scheme}://loft:1")], OPTIONS)


@pytest.mark.usefixtures("pigeons")
def test_what_ends_at_this_process_is_no_packages_to_bring() -> None:
    with pytest.raises(ConfigError, match="memory://loft ends at this process"):
        make_transport(Endpoint.parse("memory://loft"), OPTIONS)


def test_what_is_not_installed_is_an_error_that_names_what_is() -> None:
    with pytest.raises(ValueError, match=r"endpoint 'owl://x:1': unknown scheme 'owl'; installed are tcp, unix"):
        read_endpoint("owl://x:1")
    memory = Endpoint.parse("memory://x")
    with pytest.raises(ValueError, match=r"memory://x ends at this process"):
        check_endpoint(memory)
    with pytest.raises(ConfigError, match=r"memory://x ends at this process"):
        make_transports([memory], OPTIONS)
    with pytest.raises(ValueError, match="has no scheme"):
        read_endpoint("alice")


def test_a_multiaddr_is_an_endpoint_of_libp2p() -> None:
    assert str(read_endpoint("/ip4/127.0.0.1/tcp/7400")) == "libp2p+tcp://127.0.0.1:7400"
    with pytest.raises(ValueError, match="/udp is not carried here"):
        read_endpoint("/ip4/127.0.0.1/udp/7400/quic-v1")
    assert make_transport(read_endpoint("libp2p+tcp://h:1"), OPTIONS).schemes == ("libp2p+tcp",)
