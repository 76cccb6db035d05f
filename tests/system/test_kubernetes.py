"""The manifests for Kubernetes: by its own schemas, by what a careful cluster wants of a pod, and with the program's
word on the configuration in them."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import image
import net
import proxy

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tests/kubernetes"
PLACE = ROOT / "etc/kubernetes"
MANIFESTS = {path.stem: list(yaml.safe_load_all(path.read_text(encoding="utf-8"))) for path in PLACE.glob("*.yaml")}
each = pytest.mark.parametrize("name", MANIFESTS)


@pytest.fixture(scope="module")
def schemas():
    """A folder with the validator and what it needs, which is kept from one run to the next."""
    if not shutil.which("npm"):
        assert os.environ.get("CI") != "true", "npm is not installed"
        pytest.skip("npm is not installed")
    folder = image.CACHE / "kubernetes"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, done = (TOOLS / "package.json").read_text(), folder / "done"
        if not done.exists() or done.read_text() != wanted:
            (folder / "package.json").write_text(wanted)
            image.run("npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
                      "--no-package-lock")
            done.write_text(wanted)
        shutil.copy(TOOLS / "validate.cjs", folder)
    return folder


def faults(schemas, manifests):
    done = subprocess.run(["node", schemas / "validate.cjs"], input=json.dumps(manifests), capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def of_kind(name, *kinds):
    return [manifest for manifest in MANIFESTS[name] if manifest["kind"] in kinds]


def pod(name):
    (workload,) = of_kind(name, "Deployment", "StatefulSet")
    return workload["spec"]["template"]["spec"]


def ours(name):
    (container,) = [container for container in pod(name)["containers"] if container["name"] == "tsig-proxy"]
    return container


@pytest.mark.no_proxy
@each
def test_schemas_take_the_manifests(schemas, name):
    assert len(MANIFESTS[name]) >= 3
    assert faults(schemas, MANIFESTS[name]) == []


@pytest.mark.no_proxy
def test_schemas_find_a_wrong_type_and_a_property_that_there_is_not(schemas):
    manifests = json.loads(json.dumps(MANIFESTS["gateway"]))
    (service,) = [manifest for manifest in manifests if manifest["kind"] == "Service"]
    service["spec"]["ports"][0]["port"] = "fifty-three"
    (workload,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    workload["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    found = faults(schemas, manifests)
    assert len(found) == 2
    assert "readOnlyRootFileSystem" in found[0] and "port must be integer" in found[1]


@pytest.mark.no_proxy
@each
def test_the_pod_has_no_privilege_and_no_token(name):
    spec, container = pod(name), ours(name)
    rights = {**spec["securityContext"], **container["securityContext"]}
    assert rights["runAsNonRoot"] and rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {rights[number] for number in ("runAsUser", "runAsGroup", "fsGroup")} == {953}
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)


@pytest.mark.no_proxy
@each
def test_names_in_one_place_are_those_of_another(name):
    """Volumes, ports, ConfigMap, Secret, labels; and both protocols reach port 53 with their source kept."""
    spec, container = pod(name), ours(name)
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"config": "/etc/tsig-proxy", "run": "/run/tsig-proxy"}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    config, secret = volumes["config"]["projected"]["sources"]
    assert volumes["config"]["projected"]["defaultMode"] == 0o440
    assert [config["configMap"]["name"]] == [manifest["metadata"]["name"] for manifest in of_kind(name, "ConfigMap")]
    for manifest in of_kind(name, "Secret"):
        assert manifest["metadata"]["name"] == secret["secret"]["name"]
        assert set(manifest["stringData"]) == {item["key"] for item in secret["secret"]["items"]}
    (service,) = of_kind(name, "Service")
    (workload,) = of_kind(name, "Deployment", "StatefulSet")
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels == workload["spec"]["selector"]["matchLabels"]
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    ports = {port["name"]: (port["containerPort"], port["protocol"]) for port in container["ports"]}
    assert {ports[port["targetPort"]] for port in service["spec"]["ports"]} == {(53, "UDP"), (53, "TCP")}
    assert spec["terminationGracePeriodSeconds"] == 75
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"] == ["/usr/sbin/tsig-proxy", "health"]


def check(*words):
    return subprocess.run([proxy.program(), *words], capture_output=True, text=True, timeout=30, check=False)


@each
def test_the_configuration_passes_check_with_a_key_of_ones_own(name, tmp_path):
    (config,) = of_kind(name, "ConfigMap")
    path = tmp_path / "tsig-proxy.ini"
    path.write_text(config["data"]["tsig-proxy.ini"].replace("[proxy]\n", f"[proxy]\nuser =\nlisten = {net.text(net.free_place())}\n"))
    (tmp_path / "keys").mkdir()
    key = tmp_path / "keys/xfr.example.key"
    for manifest in of_kind(name, "Secret"):
        key.write_text(manifest["stringData"]["xfr.example.key"])
        refused = check("check", "-c", path)
        assert refused.returncode == 1 and "xfr.example" in refused.stderr
    key.write_text(check("keygen", "xfr.example").stdout)
    key.chmod(0o440)
    taken = check("check", "-c", path)
    assert taken.returncode == 0, taken.stderr
