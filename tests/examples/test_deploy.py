"""Each file for deployment is held to what the package understands, and nodes are started as the files say."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from services import PATIENCE, Service, environment

from peerbus.node.config.config import NodeConfig, load_config
from peerbus.node.config.overrides import from_environment
from peerbus.node.config.processes import ProcessConfig
from peerbus.node.config.worker import load_worker_config
from peerbus.node.identity_source import IdentitySource
from peerbus.operate.cli import MISUSED, main
from peerbus.transports import Identity

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "examples" / "deploy"
UNIT = DEPLOY / "systemd" / "peerbus@.service"
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reactor in it."""
    shutil.copy(DEPLOY / "greeter.py", tmp_path)
    return tmp_path


# systemd


def directives(path: Path) -> dict[str, list[str]]:
    """The values of each directive of a unit's [Service], in order; systemd's files may repeat a key."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def specified(text: str, state: Path) -> str:
    """A value with its specifiers (systemd.unit(5)) for the instance `alice`."""
    return text.replace("%i", "alice").replace("%S", str(state)).replace("%t", str(state))


def unit_environment(unit: Mapping[str, list[str]], state: Path) -> dict[str, str]:
    """What the unit sets."""
    return dict(specified(each, state).split("=", 1) for each in unit["Environment"])


def test_the_unit_reads_the_file_beside_it_and_waits_longer_than_the_node_takes(folder: Path) -> None:
    unit = directives(UNIT)
    shutil.copy(DEPLOY / "systemd" / "alice.toml", folder)
    (folder / "peerbus" / "alice").mkdir(parents=True)
    config = loaded(folder / "alice.toml", unit_environment(unit, folder))
    assert config.book == folder / "peerbus" / "alice" / "peers.db"
    assert config.log.format == "json"
    assert config.name == "alice"
    credential, _, file = unit["LoadCredential"][0].partition(":")
    assert config.identity == IdentitySource("credential", credential)
    (command,) = unit["ExecStart"]
    understood(shlex.split(command))
    assert {Path(specified(path, folder)).name for path in (command.split()[-1], file)} == {"alice.toml", "alice.pem"}
    assert unit["Type"] == ["notify"]
    assert unit["RestartPreventExitStatus"] == [str(MISUSED)]
    assert seconds(unit["TimeoutStopSec"][0]) > config.limits.shutdown_timeout + 5
    assert seconds(unit["WatchdogSec"][0]) > 4 * config.limits.slow_handler
    assert unit["StateDirectory"] == unit["RuntimeDirectory"] == ["peerbus/%i"]
    assert config.admin.at == str(folder / "peerbus" / "alice" / "alice.sock")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    here = tmp_path / "peerbus@alice.service"
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/peerbus/bin/peerbus", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    about_it = [line for line in done.stderr.splitlines() if "peerbus" in line]
    assert about_it == []
    said = re.search(r"an exposure of (\d)\.(\d) of 10", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"))
    assert said is not None
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={said[1]}{said[2]}", str(here)],
        check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    if "unrecognized option" in looked.stderr or "Failed to" in looked.stderr:
        pytest.skip(f"systemd-analyze security is not to be had here: {looked.stderr}")
    assert looked.returncode == 0, looked.stdout.splitlines()[-1]


class Manager:
    """What a node tells its service manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(PATIENCE)

    def hears(self, word: str) -> None:
        """Wait for a message that has this line."""
        while word not in self._socket.recv(4096).decode().splitlines():
            pass

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """One that listens."""
    made = Manager(tmp_path / "notify.sock")
    yield made
    made.close()


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def test_the_unit_as_a_manager_starts_it_is_ready_reloads_and_stops(
    folder: Path, manager: Manager, services: list[Service]
) -> None:
    unit = directives(UNIT)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    Identity.generate().save(credentials / "identity.pem")
    shutil.copy(DEPLOY / "systemd" / "alice.toml", folder)
    (folder / "peerbus" / "alice").mkdir(parents=True)
    command = shlex.split(specified(unit["ExecStart"][0], folder))
    command = ["peerbus", "run", str(folder / Path(command[2]).name)]
    variables = {
        **unit_environment(unit, folder),
        "NOTIFY_SOCKET": str(manager.path),
        "WATCHDOG_USEC": str(int(seconds(unit["WatchdogSec"][0]) * 1e6)),
        "CREDENTIALS_DIRECTORY": str(credentials),
        # Of the machine that the test runs on: a port that is free, and no multicast beyond it.
        "PEERBUS_LISTEN": '["tcp://127.0.0.1:0"]',
        "PEERBUS_DISCOVERY__MDNS": "false",
    }
    service = Service([sys.executable, "-W", "error", "-m", *command], variables, folder)
    services.append(service)
    manager.hears("READY=1")
    manager.hears("WATCHDOG=1")
    assert (folder / "peerbus" / "alice" / "alice.sock").is_socket()
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    service.process.send_signal(signal.SIGHUP)
    manager.hears("RELOADING=1")
    manager.hears("READY=1")
    service.process.send_signal(signal.SIGTERM)
    manager.hears("STOPPING=1")
    assert service.process.wait(PATIENCE) == 0
    assert (folder / "peerbus" / "alice" / "peers.db").is_file()


# Containers


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
    for name in ("alice", "bob"):
        Identity.generate().save(folder / f"{name}.pem")
        variables = {
            **NOISE,
            "PEERBUS_NAME": name,
            "PEERBUS_IDENTITY": str(folder / f"{name}.pem"),
            "PEERBUS_BOOK": str(folder / f"{name}.db"),
            "PEERBUS_PEERS__SEEDS": json.dumps(seeds),
            "PEERBUS_LISTEN": '["tcp://127.0.0.1:0"]',
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
    for service in services:
        assert service.ends(signal.SIGTERM) == 0
        assert [line for line in service.lines if line["level"] not in {"info", "debug"}] == []


# Kubernetes


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    """Those of the file, by kind."""
    text = (DEPLOY / "kubernetes" / "peerbus.yaml").read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def test_the_manifests_name_each_other(manifests: dict[str, Any]) -> None:
    service, workload = manifests["Service"], manifests["StatefulSet"]
    pod = workload["spec"]["template"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert workload["spec"]["serviceName"] == service["metadata"]["name"]
    labels = pod["metadata"]["labels"]
    assert service["spec"]["selector"] == workload["spec"]["selector"]["matchLabels"] == labels
    (box,) = pod["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in box["ports"]}
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["bus"]
    assert service["spec"]["ports"][0]["port"] == ports["bus"]
    volumes = {each["name"] for each in [*pod["spec"]["volumes"]]} | {
        claim["metadata"]["name"] for claim in workload["spec"]["volumeClaimTemplates"]
    }
    assert {mount["name"] for mount in box["volumeMounts"]} == volumes
    for probe in ("startupProbe", "readinessProbe"):
        assert box[probe]["tcpSocket"]["port"] in ports
    liveness = box["livenessProbe"]
    understood(liveness["exec"]["command"])
    assert liveness["timeoutSeconds"] > float(liveness["exec"]["command"][-1])
    understood(box["command"])


def test_a_pod_has_a_configuration_that_is_well_and_time_to_stop(folder: Path, manifests: dict[str, Any]) -> None:
    data, spec = manifests["ConfigMap"]["data"], manifests["StatefulSet"]["spec"]["template"]["spec"]
    assert data["greeter.py"] == (DEPLOY / "greeter.py").read_text(encoding="utf-8")
    (box,) = spec["containers"]
    variables: dict[str, str] = {}
    for each in box["env"]:
        value = each.get("value", "peerbus-0")  # a field of the pod: its name
        variables[each["name"]] = re.sub(r"\$\((\w+)\)", lambda name: variables[name[1]], value)
    (folder / "node.toml").write_text(data["node.toml"].replace("/data/", f"{folder}/"))
    config = loaded(folder / "node.toml", variables)
    assert config.name == "peerbus-0"
    assert config.advertise == ()  # the pod's address, which the node sees itself
    service = manifests["Service"]
    assert [str(seed) for seed in config.peers.seeds] == [f"tcp://{service['metadata']['name']}:7400"]
    assert config.listen[0].port == service["spec"]["ports"][0]["port"]
    assert spec["terminationGracePeriodSeconds"] > config.limits.shutdown_timeout + 5
    mounts = {mount["mountPath"]: mount for mount in box["volumeMounts"]}
    assert config.identity is not None
    assert mounts[config.identity.name]["subPathExpr"] == "$(PEERBUS_NAME).pem"
    assert box["command"][-1] == "/etc/peerbus/node.toml"
    assert {"/etc/peerbus", "/data"} <= set(mounts)
    (secret,) = [volume["secret"] for volume in spec["volumes"] if "secret" in volume]
    key = folder / "identity.pem"
    Identity.generate().save(key)
    key.chmod(secret["defaultMode"])  # and root's, as the kubelet leaves it for fsGroup
    assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]
    said = checked(folder / "node.toml", {**variables, **NOISE, "PEERBUS_IDENTITY": str(key)})
    assert "PEERBUS_PORT (as containers are told of a service)" in said


# Two LANs


def test_the_configurations_of_two_lans_are_well(folder: Path) -> None:
    ids = {"OFFICE_ID": Identity.generate(), "HOME_ID": Identity.generate()}
    for file in sorted((DEPLOY / "two-lans").glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        for word, identity in ids.items():
            text = text.replace(word, identity.node_id)
        (folder / file.name).write_text(text)
        Identity.generate().save(folder / f"{file.stem}.pem")
        said = checked(folder / file.name, {})
        assert f"node       {file.stem} in network greetings" in said
    assert len(list(folder.glob("*.toml"))) == 3


def test_the_unit_is_read_as_ini_files_are() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    assert parser.sections() == ["Unit", "Service", "Install"]
