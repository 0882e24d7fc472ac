"""What of a node's files would keep it from starting, or from being known again."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.operate.doctor.diagnosis import Health
from peerbus.operate.doctor.files import look_at_files
from peerbus.transports import Identity

CONFIG = 'name = "alice"\nnetwork = "demo"\n'


def looked(folder: Path, extra: str = "") -> dict[str, tuple[str, str]]:
    """By what it is about: the verdict and the text."""
    path = folder / "alice.toml"
    path.write_text(CONFIG + extra)
    return {each.about: (each.verdict, each.text) for each in look_at_files(path).diagnoses}


def test_a_configuration_that_is_right_is_told_with_whose_key_it_has(tmp_path: Path) -> None:
    identity = Identity.generate()
    identity.save(tmp_path / "alice.pem")
    (tmp_path / "alice.toml").write_text(CONFIG + 'identity = "alice.pem"\nbook = "alice.db"\n')
    found = look_at_files(tmp_path / "alice.toml")
    assert {each.verdict for each in found.diagnoses} == {Health.OK}
    assert found.node_id == identity.node_id
    assert found.config is not None
    assert [each.about for each in found.diagnoses] == ["configuration", "key", "book"]


def test_a_key_that_others_can_read_has_failed_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    Identity.generate().save(tmp_path / "alice.pem")
    (tmp_path / "alice.pem").chmod(0o644)
    found = looked(tmp_path, 'identity = "alice.pem"\n')
    assert found["configuration"][0] == "ok"
    verdict, text = found["key"]
    assert verdict == "failed"
    assert "chmod 600" in text


def test_no_key_is_a_warning_and_one_that_is_not_there_has_failed(tmp_path: Path) -> None:
    assert looked(tmp_path)["key"][0] == "warning"
    verdict, text = looked(tmp_path, 'identity = "gone.pem"\n')["key"]
    assert (verdict, "peerbus keygen" in text) == ("failed", True)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("nam = 3\n", "nam"),
        ("reactors = ['nowhere:Blocks']\n", "nowhere"),
        ("[admin]\nat = 'http://10.0.0.1:1'\n", "10"),
    ],
)
def test_what_run_would_refuse_has_failed(tmp_path: Path, extra: str, said: str) -> None:
    verdict, text = looked(tmp_path, extra)["configuration"]
    assert verdict == "failed"
    assert said in text


def test_of_a_file_that_is_not_there_that_is_told() -> None:
    found = look_at_files(Path("/nowhere/alice.toml"))
    assert found.config is None
    assert [(each.about, each.verdict) for each in found.diagnoses] == [("configuration", Health.FAILED)]


def test_a_variable_that_is_no_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from peerbus.node.config.overrides import from_environment

    (tmp_path / "alice.toml").write_text(CONFIG)
    overrides = from_environment({"PEERBUS_NETWROK": "prod"})
    found = look_at_files(tmp_path / "alice.toml", overrides).diagnoses
    assert [(each.about, each.verdict) for each in found if "PEERBUS_NETWROK" in each.text] == [
        ("environment", Health.WARNING)
    ]
