"""The manifests for deployment are held to what the package understands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployment_files import DEPLOY, NOISE, checked, loaded, understood

from peerbus.transports import Identity


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reactor in it."""
    shutil.copy(DEPLOY / "greeter.py", tmp_path)
    return tmp_path


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
