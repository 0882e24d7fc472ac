"""The image and the compose file: held to what the package understands, and nodes are started as they say."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from deployment_files import DEPLOY, NOISE, ROOT, checked, loaded, seconds, understood
from services import PATIENCE, Service, environment

from peerbus.node.config.config import NodeConfig
from peerbus.node.config.overrides import from_environment
from peerbus.node.config.processes import ProcessConfig
from peerbus.node.config.worker import load_worker_config
from peerbus.node.identity_source import IdentitySource
from peerbus.transports import Identity


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reactor in it."""
    shutil.copy(DEPLOY / "greeter.py", tmp_path)
    return tmp_path


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def instructions(path: Path) -> list[tuple[str, str]]:
    """Those of a Dockerfile, with what follows each."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def sent_to_docker(path: str) -> bool:
    """Whether the file that names what is left out lets this path of the checkout through: its last rule that fits."""
    sent = True
    for rule in (DEPLOY / "container" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = rule.removeprefix("!")
        whole = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(rf"{whole}(/.*)?", path):
            sent = rule.startswith("!")
    return sent


def test_the_image_is_made_of_what_is_there_and_no_key() -> None:
    said = instructions(DEPLOY / "container" / "Dockerfile")
    copied = [word for kind, rest in said if kind == "COPY" and "--from" not in rest for word in rest.split()[:-1]]
    assert {path for path in copied if path != "." and not (ROOT / path).is_file()} == set()
    assert all(sent_to_docker(path) for path in copied if path != ".")
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = [line.partition("=")[2].strip() for line in setup["options"]["package_dir"].split("\n") if line]
    package = [f"{folder}/__init__.py" for folder in folders if folder != "."]
    assert len(package) > 20
    for path in (*package, "setup.cfg", "pyproject.toml", "README.md", "__init__.py", "__main__.py", "py.typed"):
        assert sent_to_docker(path), path
    for path in (
        "keys/alice.pem",
        "examples/deploy/container/keys/alice.pem",
        ".git/config",
        ".venv/bin/python",
        "tests",
    ):
        assert not sent_to_docker(path), path


def test_the_image_starts_a_node_as_the_command_line_takes_it(folder: Path) -> None:
    said = dict(instructions(DEPLOY / "container" / "Dockerfile"))
    entry = json.loads(said["ENTRYPOINT"])
    understood(entry)
    understood(json.loads(said["HEALTHCHECK"].partition("CMD ")[2]))
    assert entry[-1] == f"{said['WORKDIR']}/node.toml"
    config = container(folder)
    assert [endpoint.port for endpoint in config.listen] == [int(said["EXPOSE"])]
    assert config.book == folder / "peers.db"
    assert (said["VOLUME"], said["STOPSIGNAL"]) == ("/data", "SIGTERM")
    assert said["USER"].split(":")[0] not in {"0", "root"}
    assert said["ENV"] == f"XDG_RUNTIME_DIR={said['VOLUME']}", "it may write nowhere else"


def container(folder: Path, variables: Mapping[str, str] | None = None) -> NodeConfig:
    """The image's configuration, with the folder in place of /data."""
    text = (DEPLOY / "container" / "node.toml").read_text(encoding="utf-8")
    (folder / "node.toml").write_text(text.replace("/data/", f"{folder}/"))
    return loaded(folder / "node.toml", {} if variables is None else variables)


def test_compose_starts_nodes_that_differ_and_waits_longer_than_they_take(folder: Path) -> None:
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"alice", "bob"}
    for name, service in services.items():
        config = container(folder, service["environment"])
        assert config.name == name
        assert config.identity == IdentitySource("file", "/run/secrets/identity")
        (alias,) = service["networks"]["bus"]["aliases"]
        assert [str(seed) for seed in config.peers.seeds] == [f"tcp://{alias}:{config.listen[0].port}"]
        assert seconds(service["stop_grace_period"]) > config.limits.shutdown_timeout + 5
        (secret,) = service["secrets"]
        assert secret == {"source": name, "target": "identity"}
        assert compose["secrets"][name]["file"] == f"keys/{name}.pem"
        assert [volume.split(":") for volume in service["volumes"]] == [[name, "/data"]]
        assert name in compose["volumes"]
        build = service["build"]
        context = (DEPLOY / "container" / build["context"]).resolve()
        assert (context, (context / build["dockerfile"]).is_file()) == (ROOT, True)
        Identity.generate().save(folder / f"{name}.pem")
        said = checked(
            folder / "node.toml", {**service["environment"], "PEERBUS_IDENTITY": str(folder / f"{name}.pem")}
        )
        assert f'  name = "{name}"  (PEERBUS_NAME)' in said


def test_a_node_in_three_containers_is_as_its_files_say(folder: Path) -> None:
    here = DEPLOY / "workers"
    services = yaml.safe_load((here / "compose.yaml").read_text(encoding="utf-8"))["services"]
    keys = {name: Identity.generate() for name in ("alice", "far")}
    workers: tuple[ProcessConfig, ...] = ()
    shared = folder / "shared"  # which a volume is, in a container
    shared.mkdir()
    shutil.copy(here / "hashes.py", folder)
    for name in ("node.toml", "near.toml", "far.toml"):
        said = (here / name).read_text(encoding="utf-8").replace("unix:///shared/", f"unix://{shared}/")
        (folder / name).write_text(said, encoding="utf-8")
    for name, service in services.items():
        command, verb, config = service["entrypoint"]
        assert command == "peerbus"
        assert f"./{Path(config).name}:{config}:ro" in service["volumes"]
        assert seconds(service["stop_grace_period"]) > 10 + 5, "limits.shutdown_timeout"
        variables = {
            key: re.sub(r"\$\{(\w+):[^}]*\}", lambda found: keys[found[1].lower()].node_id, str(value))
            for key, value in service.get("environment", {}).items()
        }
        for secret in service.get("secrets", []):
            keys[secret["source"]].save(folder / f"{secret['source']}.pem")
            variables["PEERBUS_IDENTITY"] = str(folder / f"{secret['source']}.pem")
        if verb == "run":
            assert "FarHashes" in checked(folder / Path(config).name, variables)
            workers = loaded(folder / Path(config).name, variables).processes
            assert {worker.name: worker.worker_id for worker in workers} == {"near": "", "far": keys["far"].node_id}
            continue
        overrides = from_environment(variables)
        called = load_worker_config(folder / Path(config).name, overrides)
        assert called.name == name
        awaited = {worker.name: worker.listen for worker in workers}[name]
        if name == "near":
            assert str(called.node) == awaited
            assert [volume for volume in service["volumes"] if volume.endswith(":/shared")] == ["shared:/shared"]
        else:
            assert called.node.peer_id == keys["alice"].node_id
            assert (called.node.host, called.node.port) == ("alice", int(awaited.rpartition(":")[2]))


def test_two_containers_find_each_other_answer_their_probe_and_stop(folder: Path, services: list[Service]) -> None:
    container(folder)
    said = dict(instructions(DEPLOY / "container" / "Dockerfile"))
    entry = ["peerbus", "run", str(folder / "node.toml")]
    assert entry[:2] == json.loads(said["ENTRYPOINT"])[:2]
    seeds: list[str] = []
    data = folder / "data"
    data.mkdir()
    for name in ("alice", "bob"):
        Identity.generate().save(folder / f"{name}.pem")
        variables = {
            **NOISE,
            "PEERBUS_NAME": name,
            "PEERBUS_IDENTITY": str(folder / f"{name}.pem"),
            "PEERBUS_BOOK": str(folder / f"{name}.db"),
            "PEERBUS_PEERS__SEEDS": json.dumps(seeds),
            "PEERBUS_LISTEN": '["tcp://127.0.0.1:0"]',
            "XDG_RUNTIME_DIR": str(data),
        }
        service = Service([sys.executable, "-W", "error", "-m", *entry], variables, folder)
        services.append(service)
        seeds = service.logged("node up")["endpoints"]
    for service in services:
        assert service.logged("connected")
    probe = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    place = services[0].logged("node up")["endpoints"][0]
    done = subprocess.run(
        [sys.executable, "-m", *probe[:2], place, "--timeout", str(PATIENCE)],
        check=False, capture_output=True, text=True, env=environment(), timeout=2 * PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert services[0].logged("node up")["node_id"] in done.stdout
    told = subprocess.run(
        [sys.executable, "-m", "peerbus", "status", "--node", "alice"],
        check=False, capture_output=True, text=True, timeout=2 * PATIENCE,
        env=environment(XDG_RUNTIME_DIR=str(data)), cwd=data,
    )  # fmt: skip
    assert "alice in network greetings" in told.stdout, told.stderr
    assert services[0].logged("admin API")["at"] == f"unix://{data}/peerbus/alice.sock"
    for service in services:
        assert service.ends(signal.SIGTERM) == 0
        assert [line for line in service.lines if line["level"] not in {"info", "debug"}] == []
