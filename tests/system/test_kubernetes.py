"""The manifests for Kubernetes: by its own schemas, by what a careful cluster wants of a pod, and with the program's
word on the configuration in them."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import image
import machine
import namespaces
import net
import proxy
from process import thread_statuses

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


WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def workload(name):
    (one,) = of_kind(name, *WORKLOADS)
    return one["spec"]


def pod(name):
    return workload(name)["template"]["spec"]


def ours(name):
    (container,) = [container for container in pod(name)["containers"] if container["name"] == "tsig-proxy"]
    return container


@pytest.mark.no_proxy
@each
def test_schemas_take_the_manifests(schemas, name):
    assert len(MANIFESTS[name]) >= 2
    assert faults(schemas, MANIFESTS[name]) == []


@pytest.mark.no_proxy
def test_schemas_find_a_wrong_type_and_a_property_that_there_is_not(schemas):
    manifests = json.loads(json.dumps(MANIFESTS["gateway"]))
    (service,) = [manifest for manifest in manifests if manifest["kind"] == "Service"]
    service["spec"]["ports"][0]["port"] = "fifty-three"
    (deployment,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    found = faults(schemas, manifests)
    assert len(found) == 2
    assert "readOnlyRootFileSystem" in found[0] and "port must be integer" in found[1]


@pytest.mark.no_proxy
@each
def test_the_pod_has_no_more_privilege_than_it_takes_and_no_token(name):
    """In the host's network it is root that opens port 53: see below that it does."""
    spec, container = pod(name), ours(name)
    rights = {**spec["securityContext"], **container["securityContext"]}
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostPID", "hostIPC"} & set(spec)
    assert rights["fsGroup"] == 953
    if spec.get("hostNetwork"):
        assert (rights["runAsUser"], rights["runAsGroup"]) == (0, 0)
        assert rights["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "SETGID", "SETUID"]}
    else:
        assert rights["runAsNonRoot"] and rights["capabilities"] == {"drop": ["ALL"]}
        assert (rights["runAsUser"], rights["runAsGroup"]) == (953, 953)


@pytest.mark.no_proxy
@each
def test_a_pod_that_ends_has_the_time_to_drain(name):
    container, (config,) = ours(name), of_kind(name, "ConfigMap")
    assert "drain-timeout" not in config["data"]["tsig-proxy.ini"]  # 60 seconds, as full.ini has it
    assert "\ndrain-timeout = 60\n" in (ROOT / "etc/examples/full.ini").read_text()
    waits = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])[1]
    assert pod(name)["terminationGracePeriodSeconds"] >= int(waits) + 60 + 10


@pytest.mark.no_proxy
def test_of_two_pods_one_stays():
    spec, (budget,) = workload("gateway"), of_kind("gateway", "PodDisruptionBudget")
    assert spec["replicas"] == 2 and budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"] == spec["selector"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert ours("gateway")["lifecycle"]["preStop"]["exec"]["command"][0] == "/bin/sleep"
    assert workload("daemonset")["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1}


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
    labels = workload(name)["template"]["metadata"]["labels"]
    assert labels == workload(name)["selector"]["matchLabels"]
    ports = {port["name"]: (port["containerPort"], port["protocol"]) for port in container["ports"]}
    assert set(ports.values()) == {(53, "UDP"), (53, "TCP")}
    assert len(of_kind(name, "Service")) == (not spec.get("hostNetwork"))
    for service in of_kind(name, "Service"):
        assert service["spec"]["selector"] == labels
        assert service["spec"]["externalTrafficPolicy"] == "Local"
        assert {ports[port["targetPort"]] for port in service["spec"]["ports"]} == set(ports.values())
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"] == ["/usr/sbin/tsig-proxy", "health"]


def check(*words):
    return subprocess.run([proxy.program(), *words], capture_output=True, text=True, timeout=30, check=False)


@each
def test_the_configuration_passes_check_with_a_key_of_ones_own(name, tmp_path):
    (config,) = of_kind(name, "ConfigMap")
    path = tmp_path / "tsig-proxy.ini"
    text = re.sub(r"(?m)^listen .*\n", "", config["data"]["tsig-proxy.ini"])
    path.write_text(text.replace("[proxy]\n", f"[proxy]\nuser =\nlisten = {net.text(net.free_place())}\n"))
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


def test_the_capabilities_of_the_daemonset_do_in_a_network_that_is_the_hosts(launch, tmp_path):
    """As a runtime starts it: root with these and no others, in the group of the volumes, no new privileges."""
    rights = {**pod("daemonset")["securityContext"], **ours("daemonset")["securityContext"]}
    few = ",".join(["-all", *(f"+{name.lower()}" for name in rights["capabilities"]["add"])])
    (config,) = of_kind("daemonset", "ConfigMap")
    if namespaces.missing():
        pytest.skip(namespaces.missing())
    namespace = launch(namespaces.Namespace("node"))
    namespace.ip("link set lo up")
    node = launch(machine.Machine(tmp_path / "node", namespace))
    group = node.run("id", "-g", machine.USER).strip()
    node.units[machine.USER] = ["setpriv", "--no-new-privs", "--groups", group, "--bounding-set", few, "--inh-caps", "-all",
                                "/usr/sbin/tsig-proxy", "run"]
    node.write("/etc/tsig-proxy/tsig-proxy.ini", config["data"]["tsig-proxy.ini"])
    node.shell("""tsig-proxy keygen xfr.example >/etc/tsig-proxy/keys/xfr.example.key
        chmod 0440 /etc/tsig-proxy/tsig-proxy.ini /etc/tsig-proxy/keys/*; chgrp -R tsig-proxy /etc/tsig-proxy
        chmod 2777 /run/tsig-proxy; chown root:tsig-proxy /run/tsig-proxy""")
    node.begin(machine.USER)
    for status in thread_statuses(node.running[machine.USER].pid):
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 10  # CAP_NET_BIND_SERVICE
        assert set(status["Uid"].split()) == {node.run("id", "-u", machine.USER).strip()}
    health = node.call("setpriv", "--groups", group, "--bounding-set", few, "/usr/sbin/tsig-proxy", "health")
    assert health.returncode == 0, health.stderr
