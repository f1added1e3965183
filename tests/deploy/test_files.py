"""The files by which Septima is installed agree with the program and with each other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from django.urls import resolve

from septima.cli.commands import application
from tests.deploy.files import DEPLOY, ROOT, commands, compose, containers, manifests, pods, shared_settings, unit

_SERVICES = ("septima.service", "septima-worker.service", "septima-backup.service")


def test_every_command_is_one_that_there_is() -> None:
    known = typer.main.get_command(application).commands  # type: ignore[attr-defined]
    asked = commands()
    assert {words[0] for words in asked} == {"init", "serve", "worker", "backup"}
    for words in asked:
        known[words[0]].make_context(words[0], words[1:])  # a usage error where an option or argument is unknown


def test_every_variable_is_one_that_the_program_reads() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    named: set[str] = set()
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".txt":
            named |= set(re.findall(r"\bSEPTIMA_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert len(named) > 10
    unknown = {one for one in named if not re.search(rf'"{one.removesuffix("_FILE")}"', source)}
    assert unknown == set()


def test_every_probe_asks_an_address_that_there_is() -> None:
    asked = {
        one[kind]["httpGet"]["path"]
        for one in containers()
        for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        if "httpGet" in one.get(kind, {})
    }
    whole = "\n".join(path.read_text(encoding="utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    asked |= set(re.findall(r"http://(?:127\.0\.0\.1:8000|septima)(/\w+)", whole))
    assert asked == {"/healthz", "/readyz"}
    for path in asked:
        resolve(path)
    hosts = shared_settings()["SEPTIMA_HOSTS"].split(",")
    assert {"127.0.0.1", "localhost"} <= set(hosts), "probes ask by these names"


def test_the_image_runs_as_nobody_in_particular_from_locked_packages() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    stages = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2
    assert all(one.endswith("-slim") for one in stages)
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in last if line.startswith("USER ")] == ["USER 10001"]
    assert any(line.startswith("HEALTHCHECK ") for line in last)
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 4
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert all((ROOT / name).exists() for names in copied for name in names)


def test_what_the_image_installs_is_what_is_tested() -> None:
    tested = _locked(ROOT / "requirements.txt")
    for name in ("requirements.txt", "requirements-build.txt"):
        installed = _locked(DEPLOY / name)
        assert {one: hashes for one, hashes in installed.items() if tested.get(one) != hashes} == {}
    assert not any(one.startswith(("pytest", "ruff", "playwright")) for one in _locked(DEPLOY / "requirements.txt"))
    needed = {"django", "gunicorn", "weasyprint", "psycopg", "dlt", "deltalake"}
    assert needed <= {one.partition("==")[0] for one in _locked(DEPLOY / "requirements.txt")}


def _locked(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(==\S+)", line):
            name = f"{match[1]}{match[2]}"
            found[name] = set()
        elif "--hash=" in line:
            found[name].add(line.strip().removesuffix(" \\"))
    return found


def test_tools_of_the_database_are_of_the_servers_version() -> None:
    whole = "\n".join(
        (DEPLOY / name).read_text(encoding="utf-8")
        for name in ("Dockerfile", "compose.yaml", "kubernetes/database.yaml")
    )
    assert set(re.findall(r"(?:postgresql-client-|image: postgres:)(\d+)", whole)) == {"15"}


@pytest.mark.parametrize("name", _SERVICES)
def test_a_unit_of_systemd_is_understood_and_closed(name: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    for path in (DEPLOY / "systemd").iterdir():
        said = path.read_text(encoding="utf-8").replace("/opt/septima/bin/septima", sys.executable)
        (tmp_path / path.name).write_text(said, encoding="utf-8")
    verified = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / name], capture_output=True, text=True, check=False
    )
    ours = [line for line in verified.stderr.splitlines() if "septima" in line]
    assert (verified.returncode, ours) == (0, [])
    # From 0 (closed) to 100 (open) for all that systemd knows of; 90 is what a unit without such settings has.
    judged = subprocess.run(
        [analyze, "security", "--offline=yes", "--threshold=25", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]
    said = unit(name)
    assert said["EnvironmentFile"] == ["/etc/septima/septima.env"]
    assert said["User"] == ["septima"]


def test_compose_names_what_it_defines() -> None:
    said = compose()
    for service in said["services"].values():
        volumes = {one.split(":")[0] for one in service.get("volumes", [])}
        assert volumes <= set(said["volumes"])
        assert set(service.get("secrets", [])) <= set(said["secrets"])
        for path in (value for name, value in service.get("environment", {}).items() if name.endswith("_FILE")):
            assert Path(path).name in service["secrets"]
        for name, condition in service.get("depends_on", {}).items():
            assert condition["condition"] != "service_healthy" or "test" in said["services"][name]["healthcheck"]
    assert said["services"]["app"]["env_file"] == "septima.env"


def test_manifests_name_what_they_define() -> None:
    by_kind: dict[str, set[str]] = {"ConfigMap": {"septima"}}  # made of septima.env by kubectl
    for one in manifests():
        by_kind.setdefault(one["kind"], set()).add(one["metadata"]["name"])
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "septima"
    (secret,) = [one for one in manifests() if one["kind"] == "Secret"]
    for pod in pods().values():
        mounted = {
            mount["name"]
            for one in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
            for mount in one.get("volumeMounts", [])
        }
        volumes = {one["name"]: one for one in pod["spec"].get("volumes", [])}
        assert mounted <= {*volumes, "data"}
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in by_kind["PersistentVolumeClaim"]
            if "configMap" in volume:
                assert volume["configMap"]["name"] in by_kind["ConfigMap"]
            if "secret" in volume:
                assert {one["key"] for one in volume["secret"]["items"]} <= set(secret["stringData"])
    labels = [pod["metadata"]["labels"].items() for pod in pods().values()]
    for one in manifests():
        if one["kind"] == "Service":
            assert any(one["spec"]["selector"].items() <= pod for pod in labels), one["metadata"]["name"]


def test_nothing_in_kubernetes_runs_as_root_or_may_become_it() -> None:
    for name, pod in pods().items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True, name
    for one in containers():
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
