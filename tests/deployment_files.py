"""The files for deployment, as the package reads them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from services import PATIENCE, environment

from peerbus.node.config.config import NodeConfig, load_config
from peerbus.node.config.overrides import from_environment
from peerbus.operate.cli import main

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "examples" / "deploy"
#: What a pod finds of a service that is called peerbus.
NOISE = {"PEERBUS_PORT": "tcp://10.0.0.1:7400", "PEERBUS_SERVICE_HOST": "10.0.0.1"}


def loaded(file: Path, variables: Mapping[str, str]) -> NodeConfig:
    """The configuration of a container or unit, all of whose variables must be keys."""
    config = load_config(file, from_environment(variables))
    assert config.source.ignored == []
    return config


def checked(file: Path, variables: Mapping[str, str], *arguments: str) -> str:
    """What `peerbus run --check` says, in a process of its own; it must be well."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "peerbus", "run", str(file), "--check", *arguments],
        check=False, capture_output=True, text=True, env=environment(**variables), timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def understood(command: list[str]) -> None:
    """The command line takes these words: --help after them is all that happens."""
    assert command[0].endswith("peerbus")
    with pytest.raises(SystemExit) as ended:
        main([*command[1:], "--help"])
    assert ended.value.code == 0


def seconds(text: str) -> float:
    """`20s` and `20` of Compose and systemd."""
    return float(text.removesuffix("s"))
