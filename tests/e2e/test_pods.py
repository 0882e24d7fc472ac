"""Three pods as the manifest has them, each a host, over real DNS: they meet, are probed and come back."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hosts import Hosts, hosts_of
from services import PATIENCE, Service, environment

from peerbus.transports import Identity

TESTS = Path(__file__).parents[1]
MANIFEST = TESTS.parent / "examples" / "deploy" / "kubernetes" / "peerbus.yaml"
#: What a cluster's DNS says of a headless service: all pods by its name.
NAME_SERVER = """
import sys
from name_server import name_server

with name_server(sys.argv[1], 53) as server:
    server.names["peerbus"] = sys.argv[2:]
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    """Those of the file, by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))}


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def on_host(hosts: Hosts, number: int, resolver: Path) -> list[str]:
    """What a command stands behind that runs on a host, with a resolver of its own."""
    script = f'mount --bind {resolver} /etc/resolv.conf && exec "$@"'
    return ["ip", "netns", "exec", hosts.name(number), "unshare", "--mount", "sh", "-c", script, "sh"]


def pod_variables(box: dict[str, Any], name: str) -> dict[str, str]:
    """The environment of a pod of that name."""
    found: dict[str, str] = {}

    def known(reference: re.Match[str]) -> str:
        return found[reference[1]]

    for each in box["env"]:
        found[each["name"]] = re.sub(r"\$\((\w+)\)", known, each.get("value", name))  # without one: a field, its name
    return found


@pytest.mark.timeout(120)  # five processes on a machine that may be busy
def test_the_pods_find_each_other_are_alive_and_come_back(
    tmp_path: Path, manifests: dict[str, Any], services: list[Service]
) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("a resolver of its own needs 'unshare' (apt install util-linux)")
    spec = manifests["StatefulSet"]["spec"]
    pod = spec["template"]["spec"]
    (box,) = pod["containers"]
    for file, text in manifests["ConfigMap"]["data"].items():
        (tmp_path / file).write_text(text)
    names = [f"peerbus-{number}" for number in range(spec["replicas"])]
    peerbus = [sys.executable, "-W", "error", "-m"]
    with hosts_of(len(names) + 1) as hosts:
        resolver = tmp_path / "resolv.conf"
        resolver.write_text(f"nameserver {hosts.address(len(names) + 1)}\n")
        if subprocess.run([*on_host(hosts, 1, resolver), "true"], check=False, timeout=PATIENCE).returncode:
            pytest.skip("this machine allows no mount namespace")
        addresses = [hosts.address(number) for number, _ in enumerate(names, start=1)]
        cluster = [*on_host(hosts, len(names) + 1, resolver), sys.executable, "-c", NAME_SERVER]
        dns = subprocess.Popen(
            [*cluster, hosts.address(len(names) + 1), *addresses],
            env=environment(PYTHONPATH=str(TESTS)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with dns:
            assert dns.stdout is not None
            assert dns.stdout.readline() == "ready\n"

            def start(number: int) -> Service:
                name = names[number - 1]
                # A pod has its own files; here they share a folder.
                mine = {"PEERBUS_IDENTITY": f"{tmp_path}/{name}.pem", "PEERBUS_BOOK": f"{tmp_path}/{name}.db"}
                command = [*box["command"][:-1], str(tmp_path / Path(box["command"][-1]).name)]
                service = Service(
                    [*on_host(hosts, number, resolver), *peerbus, *command], pod_variables(box, name) | mine, tmp_path
                )
                services.append(service)
                return service

            def meets(service: Service, name: str) -> None:
                service.logged("node up")  # what it can be told to stop in order from
                for other in names:
                    if other != name:
                        service.logged("connected", partial(_tells_of, other))

            for name in names:
                Identity.generate().save(tmp_path / f"{name}.pem")
            running = [start(number) for number, _ in enumerate(names, start=1)]
            for name, service in zip(names, running, strict=True):
                meets(service, name)
            alive = subprocess.run(
                [*on_host(hosts, 1, resolver), *peerbus, *box["livenessProbe"]["exec"]["command"]],
                check=False, capture_output=True, text=True, env=environment(), timeout=PATIENCE,
            )  # fmt: skip
            assert alive.returncode == 0, alive.stderr
            # A rolling update: its peers go on, and it comes back.
            running[0].process.send_signal(signal.SIGTERM)
            assert running[0].process.wait(timeout=pod["terminationGracePeriodSeconds"]) == 0
            running[0] = start(1)
            meets(running[0], names[0])
            for service in running:
                assert service.ends(signal.SIGTERM) == 0
            assert dns.stdin is not None
            dns.stdin.close()


def _tells_of(name: str, line: dict[str, Any]) -> bool:
    return bool(line["name"] == name)
