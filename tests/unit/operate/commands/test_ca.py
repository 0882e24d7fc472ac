"""`peerbus ca`: from a new authority to a revoked certificate, and what each mistake says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import run

from peerbus.transports.streams import Identity


@pytest.fixture
def ca(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an authority, with the key of a node beside it; both are in the working directory."""
    monkeypatch.chdir(tmp_path)
    Identity.from_seed(b"a" * 32).save("alice.pem")
    assert run(["ca", "init", "ca"], capsys)[0] == 0
    return tmp_path / "ca"


def test_the_life_of_a_certificate(ca: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node_id = Identity.load("alice.pem").node_id
    _, public, _ = run(["id", "alice.pem", "--public"], capsys)
    Path("alice.pub").write_text(public)
    words = ["--role", "archive", "--role", "index", "--attribute", "team=storage", "--for", "2h"]
    status, out, err = run(["ca", "issue", "ca", "alice.pub", "alice.crt", *words], capsys)
    assert (status, err) == (0, "")
    assert out.startswith(f"{node_id}, until ")
    first = json.loads(run(["ca", "show", "alice.crt", "--json"], capsys)[1])
    assert (first["roles"], first["attributes"]) == (["archive", "index"], {"team": "storage"})
    assert run(["ca", "renew", "ca", "alice.crt"], capsys)[0] == 0
    second = json.loads(run(["ca", "show", "alice.crt", "--json"], capsys)[1])
    assert second["serial"] != first["serial"]
    assert (second["roles"], second["attributes"]) == (first["roles"], first["attributes"])
    assert second["ends"] - second["begins"] == pytest.approx(first["ends"] - first["begins"], abs=2)
    status, out, _ = run(["ca", "revoke", "ca", node_id[:6]], capsys)
    assert (status, out.count("is revoked")) == (0, 2)
    assert "peerbus network --revoke ca/revoked.pem" in out
    listed = json.loads(run(["ca", "list", "ca", "--json"], capsys)[1])
    assert {each["state"] for each in listed} == {"revoked"}
    assert "archive, index" in run(["ca", "list", "ca"], capsys)[1]
    assert re.search("^roles +archive, index$", run(["ca", "show", "alice.crt"], capsys)[1], re.M)
    assert run(["ca", "renew", "ca", "alice.crt"], capsys)[2].startswith("peerbus ca: alice.crt is revoked")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("init ca", "has an authority already"),
        ("issue ca none.pub alice.crt", "none.pub does not exist"),
        ("issue ca alice.pem alice.crt --role Not", "not a role name"),
        ("issue ca alice.pem alice.crt --attribute team", "write --attribute team=storage"),
        ("issue ca alice.pem alice.crt --for 99999d", "outlive"),
        ("issue ca alice.pem alice.crt --for 90", "Write its unit, as 90d for days"),
        ("init other --for 90", "Write its unit"),
        ("renew ca ca/authority.pem", "an authority's, not a node's"),
        ("revoke ca 1234", "nothing that was issued here"),
        ("list none", "peerbus ca init"),
        ("show none.crt", "No such file"),
    ],
)
def test_a_mistake_is_one_line(ca: Path, words: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    del ca
    status, out, err = run(["ca", *words.split()], capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert why in err


def test_a_certificate_for_another_key_is_not_renewed_in_its_place(
    ca: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del ca
    Identity.from_seed(b"b" * 32).save("new.pem")
    assert run(["ca", "issue", "ca", "alice.pem", "alice.crt"], capsys)[0] == 0
    assert "peerbus ca renew puts a new" in run(["ca", "issue", "ca", "alice.pem", "alice.crt"], capsys)[2]
    status, _, err = run(["ca", "issue", "ca", "new.pem", "alice.crt"], capsys)
    assert status == 2
    for said in ("for another key", Identity.load("alice.pem").node_id[:10], "--force", "peerbus ca revoke"):
        assert said in err
    assert run(["ca", "issue", "ca", "new.pem", "alice.crt", "--force"], capsys)[0] == 0
    Path("text.crt").write_text("text")
    assert "no certificate of a node; --force" in run(["ca", "issue", "ca", "new.pem", "text.crt"], capsys)[2]
