"""The rules of a network as files have them: each fault is named with its key, its file and what would be right."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from authorities import DAY, NOW, issued, new_authority, revoked
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peerbus.actors.base import ConfigError
from peerbus.node.network.network import Network, WrongRule, keep_lists
from peerbus.transports.admission import MemberCertificate, NetworkKey
from peerbus.transports.admission.rules import Demand
from peerbus.transports.streams.identity import Identity

ALICE, BOB = (Identity.from_seed(name * 32) for name in (b"a", b"b"))
CA = new_authority()


def pem(certificate: MemberCertificate) -> bytes:
    """As a file has it."""
    return x509.load_der_x509_certificate(certificate.der).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "marked as UTF-8"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_list_of_ids_is_read_as_any_editor_leaves_it(mark: bytes, end: bytes, tmp_path: Path) -> None:
    lines = [ALICE.node_id.encode(), b"", b"# friends", BOB.node_id.encode() + b"  # bob"]
    (tmp_path / "friends").write_bytes(mark + end.join(lines) + end)
    allow = Network("n", allow=tmp_path / "friends").rules(ALICE.node_id).allow
    assert allow == frozenset({ALICE.node_id, BOB.node_id})


def test_a_name_alone_lets_anybody_in() -> None:
    network = Network("demo")
    assert (network.closed, str(network), network.policy) == (False, "demo", "is open: it lets in anybody")
    assert network.rules(ALICE.node_id).open
    with pytest.raises(ConfigError, match="network"):
        Network("")


def test_every_rule_is_read_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "friends").write_text(f"# friends\n{ALICE.node_id}  # alice\n\n{BOB.node_id}\n")
    key = NetworkKey.generate()
    key.save(tmp_path / "demo.key")
    (tmp_path / "ca.pem").write_bytes(CA.certificate)
    (tmp_path / "alice.crt").write_bytes(pem(issued(CA, ALICE)))
    gone = revoked(CA, issued(CA, BOB))
    network = Network(
        "demo",
        allow=tmp_path / "friends",
        network_key=tmp_path / "demo.key",
        authority=tmp_path / "ca.pem",
        certificate=tmp_path / "alice.crt",
    )
    assert network.closed
    rules = network.rules(ALICE.node_id, now=NOW)
    assert rules.allow == frozenset({ALICE.node_id, BOB.node_id})
    assert rules.keys == (key,)
    assert set(rules.demand) == {Demand.KEY, Demand.CERTIFICATE}
    assert keep_lists(network.revoked_path, [gone]) == ""
    assert (tmp_path / "alice.crt.revoked").read_bytes() == gone.pem
    again = network.rules(ALICE.node_id, now=NOW).trust
    assert again is not None
    assert again.revoked == (gone,)


def _of(**rules: Any) -> Network:
    return Network("demo", **rules)


@pytest.mark.parametrize(
    ("rules", "key", "why"),
    [
        ({"allow": ()}, "allow", "nobody could come in"),
        ({"allow": ["nobody"]}, "allow", "no node id"),
        ({"allow": "missing"}, "allow", "does not exist"),
        ({"network_key": "missing"}, "network_key", "peerbus network-key"),
        ({"authority": b"", "certificate": b""}, "authority", "peerbus ca init"),
        ({"authority": CA.certificate, "certificate": b""}, "certificate", "peerbus ca issue"),
        ({"authority": CA.certificate, "certificate": "missing"}, "certificate", "does not exist"),
        ({"authority": CA.certificate, "certificate": pem(issued(CA, BOB))}, "certificate", "of another key"),
        ({"authority": CA.certificate, "certificate": pem(issued(new_authority(), ALICE))}, "certificate", "issued by"),
        (
            {"authority": CA.certificate, "certificate": pem(issued(CA, ALICE, begins=NOW - 2 * DAY, ends=NOW - DAY))},
            "certificate",
            "expired.*peerbus ca renew",
        ),
    ],
)
def test_a_fault_names_its_key_and_the_cure(tmp_path: Path, rules: dict[str, object], key: str, why: str) -> None:
    rules = {name: tmp_path / value if value == "missing" else value for name, value in rules.items()}
    with pytest.raises(WrongRule, match=why) as raised:
        _of(**rules).rules(ALICE.node_id, now=NOW)
    assert raised.value.key == key


def test_a_certificate_and_its_authority_go_together() -> None:
    with pytest.raises(WrongRule, match="certificate: is missing beside authority"):
        _of(authority=CA.certificate)
    with pytest.raises(WrongRule, match="authority: is missing beside certificate"):
        _of(certificate=b"")


def test_what_a_list_has_revoked_is_never_forgotten_by_a_file_that_is_spoilt(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    listed, certificate = revoked(CA, issued(CA, BOB), number=3), pem(issued(CA, ALICE))
    network = _of(authority=CA.certificate, certificate=certificate, revoked=path)
    forged = bytearray(listed.der)
    forged[-1] ^= 1
    as_pem = x509.load_der_x509_crl(bytes(forged)).public_bytes(serialization.Encoding.PEM)
    for spoilt, why in (
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"garbage", "it is cut off, or no list"),
        (listed.pem[:-40], "it is cut off, or no list"),
        (listed.pem + listed.pem[:99], "it is cut off, or no list"),
        (certificate, "it is cut off, or no list"),
        (as_pem, "no authority of this network has signed the list"),
    ):
        path.write_bytes(spoilt)
        with pytest.raises(WrongRule, match=why):
            network.rules(ALICE.node_id, now=NOW)
    path.write_bytes(listed.pem)
    trust = network.rules(ALICE.node_id, now=NOW).trust
    assert trust is not None
    assert trust.revoked == (listed,)


def test_after_a_rotation_the_list_of_the_authority_that_is_gone_is_in_nobodys_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, old = tmp_path / "revoked", new_authority()
    listed = revoked(CA, number=2)
    path.write_bytes(revoked(old).pem + listed.pem)
    network = _of(authority=CA.certificate, certificate=pem(issued(CA, ALICE)), revoked=path)
    trust = network.rules(ALICE.node_id, now=NOW).trust
    assert trust is not None
    assert trust.revoked == (listed,)
    assert "none of this network are left out" in caplog.text


def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "friends"
    os.mkfifo(path)
    with pytest.raises(WrongRule, match="is not a file"):
        _of(allow=path).rules(ALICE.node_id)


def test_a_line_that_is_no_id_is_a_fault_and_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "friends").write_text(f"{ALICE.node_id}\nbob\n")
    with pytest.raises(WrongRule, match="line 2: 'bob'"):
        _of(allow=tmp_path / "friends").rules(ALICE.node_id)
    assert "No such file" in keep_lists(tmp_path / "none" / "revoked", [])
    assert "forgotten" in keep_lists(None, [])
