"""Each file of deploy/ passes the tool that knows its kind."""

import ipaddress
import json
import pathlib
import re
import subprocess

import compose_spec
import pytest
import yaml

from harness.program import BINARY
from tools import (
    DEPLOY, ROOT, alert_rules, documents, listed_metrics, python_tool, run, used_metrics)

TESTS = ROOT / "Tests/Deploy"
UNIT = DEPLOY / "systemd/sealpost.service"


def test_the_image():
    python_tool("hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile")
    run("bash", "-n", DEPLOY / "container-health")


def test_the_image_holds_the_libraries_that_the_program_needs():
    there_anyhow = {"libc6", "libgcc-s1", "libstdc++6"}
    needed = set()
    for name, path in re.findall(r"^\s*(\S+) => (/\S+) ", run("ldd", BINARY), re.M):
        if re.search(rf"NEEDED +{re.escape(name)}$", run("objdump", "-p", BINARY), re.M):
            owner = subprocess.run(
                ["dpkg", "-S", pathlib.Path(path).resolve()], capture_output=True, text=True)
            # What no package owns is Swift's own, which the image's program holds itself.
            needed.add(owner.stdout.split(":")[0])
    image = (DEPLOY / "Dockerfile").read_text().split("FROM debian")[1]
    installed = set(re.findall(r"\b(lib[a-z0-9.+-]+)", image.split("useradd")[0]))
    assert needed - there_anyhow - {""} == installed


def test_yaml():
    python_tool("yamllint", "--strict", "-c", TESTS / "yamllint.yaml", DEPLOY, TESTS)


def test_compose():
    text = (DEPLOY / "compose/compose.yaml").read_text()
    compose_spec.PyCompose.from_yaml(text).validate()
    compose = yaml.safe_load(text)
    for name, service in compose["services"].items():
        assert ":" in service["image"] or "build" in service, f"{name} has no version"
        for secret in service.get("secrets", []):
            assert secret in compose["secrets"]
        for port in service.get("ports", []):
            address = port["host_ip"] if isinstance(port, dict) else port.split(":")[0]
            assert address == "127.0.0.1", f"{name} listens to the world"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / "compose" / source).exists(), source
            else:
                assert source in compose["volumes"]
    for config in compose["configs"].values():
        assert (DEPLOY / "compose" / config["file"]).is_file()


def test_what_compose_calls_secret_is_made_by_prepare_once(deployment):
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    before = {}
    for secret in compose["secrets"].values():
        file = deployment.folder / "compose" / secret["file"]
        before[file] = file.read_text()
        assert before[file].strip()
    again = deployment.prepare()
    assert {file: file.read_text() for file in before} == before
    printed = again.stdout + again.stderr + deployment.prepared.stdout + deployment.prepared.stderr
    assert not any(text.strip() in printed for text in before.values())
    assert oct(deployment.secrets.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("folder", ["base", "example"])
def test_kubernetes(folder):
    manifests = python_tool("kubectl", "kustomize", DEPLOY / "kubernetes" / folder)
    python_tool("kubernetes-validate", "--strict", "--quiet", "--no-warn", "-", input=manifests)
    found = {document["kind"]: document for document in documents(manifests)}
    deployment = found["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    container = pod["containers"][0]
    labels = deployment["template"]["metadata"]["labels"].items()
    assert "replicas" not in deployment, "the ScaledObject and every apply would fight over it"
    for selector in (found["Service"]["spec"]["selector"],
                     found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                     found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
        assert selector.items() <= labels
    service_labels = found["Service"]["metadata"]["labels"].items()
    assert found["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items() <= service_labels
    ports = {port["name"] for port in found["Service"]["spec"]["ports"]}
    assert {endpoint["port"] for endpoint in found["ServiceMonitor"]["spec"]["endpoints"]} <= ports
    scaled = found["ScaledObject"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == found["Deployment"]["metadata"]["name"]
    assert scaled["minReplicaCount"] >= 2
    for trigger in scaled["triggers"]:
        assert trigger["authenticationRef"]["name"] == found["TriggerAuthentication"]["metadata"]["name"]
        assert trigger["metadata"]["queueName"] in ("sealpost.events", "sealpost.retries")
    # Pod Security Standards, restricted.
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {"secret", "configMap"}
    # Secrets by reference: nothing that could be one stands in a manifest.
    assert "Secret" not in found
    for variable in container["env"]:
        assert "secretKeyRef" in variable["valueFrom"], variable["name"]
    settings = found["ConfigMap"]["data"]
    assert not any("://" in value for value in settings.values())
    grace = int(settings["SEALPOST_SHUTDOWN_GRACE"].removesuffix("s"))
    stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= stop + grace + 15


def test_the_network_policy_denies_what_the_worker_denies():
    text = (ROOT / "Sources/SealpostTransport/SpecialAddresses.swift").read_text()
    ours = re.findall(r"// ([0-9a-f.:]+/\d+)", text.split("assignedIPv6")[0])
    policy = yaml.safe_load((DEPLOY / "kubernetes/base/networkpolicy.yaml").read_text())
    blocks = [to["ipBlock"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
    assert len(blocks) == 2 and len(ours) > 25
    for block in blocks:
        whole = ipaddress.ip_network(block["cidr"])
        denied = {ipaddress.ip_network(text) for text in ours}
        assert {ipaddress.ip_network(text) for text in block["except"]} == {
            network for network in denied if network.version == whole.version and network.subnet_of(whole)}


def test_alerts_and_their_tests():
    run("promtool", "check", "rules", DEPLOY / "prometheus/alerts.yml")
    run("promtool", "check", "config", DEPLOY / "prometheus/prometheus.yml")
    assert "SUCCESS" in run("promtool", "test", "rules", TESTS / "alerts.test.yml")


def test_each_alert_has_a_test_that_fires_it_and_one_that_does_not():
    tests = yaml.safe_load((TESTS / "alerts.test.yml").read_text())["tests"]
    fires, silent = set(), set()
    for test in tests:
        (case,) = test["alert_rule_test"]
        assert test["name"].startswith(case["alertname"]) and test["input_series"]
        (fires if case["exp_alerts"] else silent).add(case["alertname"])
    names = {rule["alert"] for rule in alert_rules()}
    assert fires == silent == names


def test_alerts_name_only_metrics_that_are_listed():
    for rule in alert_rules():
        unknown = used_metrics(rule["expr"]) - listed_metrics()
        assert not unknown, f"{rule['alert']}: {unknown}"


def test_the_dashboard_asks_for_metrics_that_are_listed():
    dashboard = json.loads((DEPLOY / "grafana/sealpost.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 30
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    rules = []
    for number, expression in enumerate(expressions):
        assert used_metrics(expression), expression
        unknown = used_metrics(expression) - listed_metrics()
        assert not unknown, f"{expression}: {unknown}"
        # What Grafana puts in before it asks.
        expression = expression.replace("$__rate_interval", "1m").replace("$job", "sealpost")
        assert "$" not in expression, expression
        rules.append({"record": f"panel_{number}", "expr": expression})
    text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
    run("promtool", "check", "rules", "/dev/stdin", input=text)


def test_grafana_is_provisioned_with_the_dashboard():
    folder = DEPLOY / "grafana/provisioning"
    sources = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    assert [source["type"] for source in sources] == ["prometheus"]
    provider = yaml.safe_load((folder / "dashboards/sealpost.yaml").read_text())["providers"][0]
    mounts = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]["grafana"]["volumes"]
    assert any(mount.split(":")[1].startswith(provider["options"]["path"]) for mount in mounts)


def test_the_systemd_unit(tmp_path):
    # The unit as it is, but for the program, which is not installed here.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/sealpost", "/usr/bin/true"))
    verdict = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert verdict.returncode == 0 and UNIT.name not in verdict.stderr, verdict.stderr
    # 0 is a jail, 10 nothing at all; the threshold is in tenths.
    run("systemd-analyze", "security", "--offline=true", "--threshold=15", UNIT)
    run("systemd-sysusers", "--dry-run", DEPLOY / "systemd/sealpost.sysusers")
