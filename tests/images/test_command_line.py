"""`python -m images`: what it writes, and what it refuses."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import images.__main__ as command
from images.bill_of_materials import LOCKS, every_locked
from images.building import TARGETS
from images.vulnerabilities import lock_files
from tests.paths import PROJECT

NOTHING_KNOWN = """import json, sys
pins = [line.strip().split("==") for line in open(sys.argv[sys.argv.index("--requirement") + 1])]
assert len({name for name, _ in pins}) == len(pins), "pip-audit refuses two versions of a package"
print(json.dumps({"dependencies": [{"name": name, "version": version, "vulns": []} for name, version in pins]}))
"""
ONE_VULNERABILITY = NOTHING_KNOWN.replace(
    '"vulns": []', '"vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0"]}] if name == "numpy" else []'
)
ONE_SKIPPED = NOTHING_KNOWN.replace(
    "print(json", "pins = [pin for pin in pins if pin[0] != 'numpy']\nprint(json"
).replace('"vulns": []', '**({"skip_reason": "it is not on PyPI"} if name == "orjson" else {"vulns": []})')
NO_NETWORK = "import sys\nsys.exit('the index does not answer')"


@pytest.fixture
def scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module in place of pip-audit, which finds nothing until a test writes another one."""
    module = tmp_path / "scanner" / "pip_audit.py"
    module.parent.mkdir()
    module.write_text(NOTHING_KNOWN)
    monkeypatch.setenv("PYTHONPATH", str(module.parent))
    return module


def bill(directory: Path, *arguments: str) -> int:
    return command.main(["bill", "--directory", str(directory / "bills"), *arguments])


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_bill_writes_a_cyclonedx_file_for_each_target(tmp_path: Path, architecture: str):
    assert bill(tmp_path, "--architecture", architecture) == 0
    documents = {
        target: json.loads((tmp_path / "bills" / f"{target}-{architecture}.cdx.json").read_text()) for target in LOCKS
    }
    held = {target: {each["name"] for each in document["components"]} for target, document in documents.items()}
    assert {document["bomFormat"] for document in documents.values()} == {"CycloneDX"}
    assert {"numpy", "ai-edge-litert"} <= held["litert"]
    added = "tensorflow-cpu" if architecture == "amd64" else "tensorflow"
    assert held["onnxruntime"] - held["litert"] == {"onnxruntime"}
    assert held["tensorflow"] - held["onnxruntime"] == {added}


def test_a_scan_looks_up_each_version_in_every_lock_once(scanner: Path, capsys: pytest.CaptureFixture[str]):
    assert command.main(["scan"]) == 0
    packages = {(each.name, each.version) for lock in lock_files() for each in every_locked(lock.read_text())}
    printed = f"Scanned {len(packages)} of {len(packages)} packages: 0 known vulnerabilities\n"
    assert capsys.readouterr().out == printed
    names = {name for name, _ in packages}
    assert {"pulumi-policy", "pulumi", "tensorflow", "tensorflow-cpu", "pytest", "awslambdaric"} <= names


def test_every_lock_of_the_project_is_scanned():
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    locks = [PROJECT / name for name in listed.split() if name.endswith(".txt")]
    assert set(lock_files()) == {lock for lock in locks if "--hash=sha256:" in lock.read_text()}


def test_a_known_vulnerability_fails_the_command_and_is_named(scanner: Path, capsys: pytest.CaptureFixture[str]):
    scanner.write_text(ONE_VULNERABILITY)
    assert command.main(["scan"]) == 1
    assert re.search(r"unsafe: numpy \d\S+: PYSEC-1, fixed in 2\.0", capsys.readouterr().out)


def test_a_package_that_is_not_looked_up_is_named_in_red_and_fails_the_command(
    scanner: Path, capsys: pytest.CaptureFixture[str]
):
    scanner.write_text(ONE_SKIPPED)
    assert command.main(["scan"]) == command.NOT_ALL_SCANNED
    printed = capsys.readouterr().out
    lines = re.findall(r"  not scanned: (numpy|orjson) \S+: (it is not on PyPI|pip-audit does not name it)\n", printed)
    assert set(lines) == {("orjson", "it is not on PyPI"), ("numpy", "pip-audit does not name it")}
    assert re.search(rf"\033\[31mScanned \d+ of \d+ packages: 0 .*\. NOT SCANNED: {len(lines)}\033\[0m\n", printed)


def test_a_scan_that_reaches_nothing_does_not_pass(scanner: Path, capsys: pytest.CaptureFixture[str]):
    scanner.write_text(NO_NETWORK)
    assert command.main(["scan"]) == command.NOT_ALL_SCANNED
    printed = capsys.readouterr().out
    assert "Scanned 0 of " in printed
    assert printed.count("  not scanned: ") == printed.count(": the index does not answer") > 100


def test_a_target_that_does_not_exist_is_refused_before_anything_is_built(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command, "build", lambda *target, **options: pytest.fail(f"built {target}"))
    assert command.main(["build", "litert", "lite"]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"error: 'lite' is not a target; choose from {', '.join(TARGETS)}\n"
    assert captured.out == ""


def test_without_an_engine_build_fails_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.main(["build"]) == 1
    assert capsys.readouterr().err.startswith("error: no Docker engine with BuildKit answers; start one, or install")


def test_every_target_is_one_of_the_dockerfile():
    stages = [
        line.split()[-1]
        for line in (PROJECT / "handlers" / "Dockerfile").read_text().splitlines()
        if line[:5] == "FROM "
    ]
    assert set(TARGETS) <= set(stages)
