"""What lies in deploy/ holds what it promises, as far as that can be told without installing it."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import check_jsonschema.builtin_schemas
import jsonschema
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from deploylog.ledger import Ledger
from deploylog.metrics import Metrics

CHECKOUT = Path(__file__).parent.parent
DEPLOY = CHECKOUT / "deploy"
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
Json = dict[str, Any]

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")


def documents(name: str) -> list[Json]:
    return list(YAML(typ="safe", pure=True).load_all((DEPLOY / name).read_text("utf-8")))


# systemd ---------------------------------------------------------------------------------------------------------


class _Repeated(dict[str, Any]):
    """systemd's files set some keys more than once: all values are kept, one a line."""

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and key in self:
            value = self[key] + value
        super().__setitem__(key, value)


def unit() -> Mapping[str, str]:
    parser = configparser.RawConfigParser(strict=False, dict_type=_Repeated, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / "deploylog.service").read_text("utf-8"))
    return parser["Service"]


def exposure(file: Path) -> float:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(file)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


@needs_systemd
def test_the_unit_is_exposed_to_2_0_at_the_most() -> None:
    assert exposure(DEPLOY / "deploylog.service") <= 2.0


@needs_systemd
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "deploylog.service").read_text("utf-8")
    good, bad = tmp_path / "deploylog.service", tmp_path / "bad.service"
    # The command is not installed here; everything else is judged as it is.
    runnable = text.replace("/opt/deploylog/.venv/bin/deploylog", sys.executable)
    assert runnable != text
    good.write_text(runnable)
    bad.write_text(runnable.replace("WatchdogSec=10min", "WatchdogSecs=10min"))
    for file, clean in ((good, True), (bad, False)):
        done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
        assert (done.stderr == "") is clean, done.stderr


def test_the_unit_tells_systemd_how_it_is_and_writes_nothing_but_its_state() -> None:
    service = unit()
    assert service["Type"] == "notify"
    assert service["WatchdogSec"] == "10min"
    assert service["DynamicUser"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "deploylog"
    assert service["CapabilityBoundingSet"] == ""
    assert "ReadWritePaths" not in service
    assert service["RestartPreventExitStatus"] == "2"


def test_the_units_command_is_one_that_deploylog_has() -> None:
    command = unit()["ExecStart"].split()
    assert command[0].endswith("/deploylog")
    done = subprocess.run(
        [sys.executable, "-m", "deploylog.cli", command[1], "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert command[2] in done.stdout
    handed_over = {line.split(":")[0] for line in unit()["LoadCredential"].splitlines()}
    assert command[3] == "%d/deploylog.yaml"
    assert handed_over == {"deploylog.yaml", "service-account.json"}


# Containers ------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def test_the_image_is_built_in_one_stage_and_run_in_another_as_nobody() -> None:
    found = instructions()
    stages = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    assert len(stages) == 2
    last = found[stages[1] :]
    user = [rest for word, rest in last if word == "USER"]
    assert user == ["65532:65532"]
    # What follows USER runs, and only what stands before it may be root's.
    after = [word for word, _ in last[last.index(("USER", user[0])) :]]
    assert not {"RUN", "COPY", "ADD"} & set(after)
    assert [rest.split()[0] for word, rest in last if word == "COPY"] == ["--from=builder"]
    assert json.loads(dict(last)["ENTRYPOINT"]) == ["deploylog"]


def test_the_image_gets_all_that_the_wheel_is_built_from_and_nothing_else() -> None:
    copied = {
        one for word, rest in instructions() if word == "COPY" and "--from" not in rest for one in rest.split()[:-1]
    }
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    built_from = {"pyproject.toml", "README.md", "LICENSE", "daemon", "templates", "config"}
    assert copied == built_from
    assert all((CHECKOUT / one).exists() for one in copied)


def test_the_descriptions_the_image_keeps_are_those_the_daemon_reads() -> None:
    kept = set(re.findall(r"! -name (\S+\.json)", (DEPLOY / "Dockerfile").read_text("utf-8")))
    sources = "\n".join(path.read_text("utf-8") for path in (CHECKOUT / "daemon").rglob("*.py"))
    read = {
        f"{name}.{version}.json" for name, version in re.findall(r'\("(drive|sheets|calendar|gmail)", "(v\d)"', sources)
    }
    assert read
    assert kept >= read
    assert len(kept) == 4


def compose_schema() -> Json:
    schema: Json = check_jsonschema.builtin_schemas.get_builtin_schema("vendor.compose-spec")
    return schema


def test_compose_follows_its_schema() -> None:
    [compose] = documents("compose.yaml")
    jsonschema.validate(compose, compose_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(compose | {"services": {"deploylog": {"read_onyl": True}}}, compose_schema())


def test_compose_runs_the_daemon_read_only_as_nobody_beside_a_postgresql_nobody_else_reaches() -> None:
    [compose] = documents("compose.yaml")
    daemon, store = compose["services"]["deploylog"], compose["services"]["postgres"]
    assert daemon["read_only"] is True
    assert daemon["cap_drop"] == ["ALL"]
    assert daemon["user"] == "65532:65532"
    assert "ports" not in daemon
    assert int(re.match(r"postgres:(\d+)", store["image"])[1]) >= 15  # type: ignore[index]
    assert store["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert (DEPLOY / daemon["build"]["context"] / daemon["build"]["dockerfile"]).is_file()
    assert "ports" not in store


def test_kubernetes_follows_its_schema() -> None:
    found = documents("kubernetes.yaml")
    assert [one["kind"] for one in found] == ["Deployment", "PodDisruptionBudget"]
    for one in found:
        kubernetes_validate.validate(one, "1.30", strict=True)
    wrong = json.loads(json.dumps(found[0]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.30", strict=True)


def test_kubernetes_runs_two_daemons_with_probes_read_only_and_as_nobody() -> None:
    deployment, budget = documents("kubernetes.yaml")
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    assert spec["replicas"] == 2
    assert budget["spec"]["minAvailable"] == 1
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == budget["spec"]["selector"]["matchLabels"] == labels
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    asked = {
        name: container[name]["exec"]["command"][-1] for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert "/healthz" in asked["startupProbe"]
    assert "/healthz" in asked["livenessProbe"]
    assert "/readyz" in asked["readinessProbe"]
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


# Alerts ----------------------------------------------------------------------------------------------------------


def alerts() -> list[Json]:
    [rules] = documents("prometheus-rules.yaml")
    found = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(found) >= 10
    return found


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """The names of the labels of every sample the daemon offers; every labelled metric has been counted once."""
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'deploylog.db'}")
    metrics = Metrics()
    metrics.watch(ledger, 200, lambda: NOW)
    names: dict[str, set[str]] = {}
    for family in metrics.registry.collect():
        collector = metrics.registry._names_to_collectors.get(family.name)
        labels = set(getattr(collector, "_labelnames", ())) | {
            name for sample in family.samples for name in sample.labels
        }
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        for ending in endings:
            names[f"{family.name}{ending}"] = labels
    yield names
    ledger.close()


def test_every_metric_and_label_of_an_alert_is_one_the_daemon_offers(offered: dict[str, set[str]]) -> None:
    for rule in alerts():
        used = re.findall(r"(deploylog_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert used, rule["alert"]
        for name, selector in used:
            assert name in offered, (rule["alert"], name)
            assert set(re.findall(r"(\w+)\s*[=!]~?", selector)) <= offered[name], (rule["alert"], selector)


def test_every_alert_is_in_the_runbook_and_the_runbook_has_no_other() -> None:
    page = (CHECKOUT / "docs" / "runbook.md").read_text("utf-8")
    assert re.findall(r"^\| `(Deploylog\w+)` \|", page, re.MULTILINE) == [rule["alert"] for rule in alerts()]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in alerts())


@needs_promtool
def test_prometheus_finds_no_fault_in_the_alerts() -> None:
    command = ["promtool", "check", "rules", str(DEPLOY / "prometheus-rules.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(alerts())} rules found" in done.stdout


def test_the_unit_gives_the_daemon_a_home_which_a_dynamic_user_lacks_on_a_bare_debian() -> None:
    unit = (Path(__file__).parent.parent / "deploy" / "deploylog.service").read_text(encoding="utf-8").splitlines()
    assert "DynamicUser=yes" in unit
    assert "Environment=HOME=/var/lib/deploylog" in unit
