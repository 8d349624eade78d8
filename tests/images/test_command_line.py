"""`python -m images`: what it writes, and what it refuses."""

import json
from pathlib import Path

import pytest

import images.__main__ as command
from images.bill_of_materials import LOCKS
from images.building import TARGETS
from tests.paths import PROJECT

NOTHING_KNOWN = """import json, sys
names = [line.split("==")[0] for line in open(sys.argv[sys.argv.index("--requirement") + 1])]
print(json.dumps({"dependencies": [{"name": name, "version": "1", "vulns": []} for name in names]}))
"""
ONE_VULNERABILITY = """import json
flaw = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
print(json.dumps({"dependencies": [{"name": "numpy", "version": "1.0", "vulns": [flaw]}]}))
"""
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
def test_bill_writes_a_cyclonedx_file_for_each_target(
    tmp_path: Path, scanner: Path, architecture: str, capsys: pytest.CaptureFixture[str]
):
    assert bill(tmp_path, "--architecture", architecture) == 0
    documents = {
        target: json.loads((tmp_path / "bills" / f"{target}-{architecture}.cdx.json").read_text()) for target in LOCKS
    }
    held = {target: {each["name"] for each in document["components"]} for target, document in documents.items()}
    assert {document["bomFormat"] for document in documents.values()} == {"CycloneDX"}
    assert {"numpy", "ai-edge-litert"} <= held["litert"]
    added = "tensorflow-cpu" if architecture == "amd64" else "tensorflow"
    assert held["tensorflow"] - held["litert"] == {added}
    packages = len(held["tensorflow"])
    assert f"Scanned {packages} of {packages} packages: 0 known vulnerabilities" in capsys.readouterr().out


def test_a_known_vulnerability_fails_the_command_and_is_named(
    tmp_path: Path, scanner: Path, capsys: pytest.CaptureFixture[str]
):
    scanner.write_text(ONE_VULNERABILITY)
    assert bill(tmp_path) == 1
    assert "  unsafe: numpy 1.0: PYSEC-1, fixed in 2.0\n" in capsys.readouterr().out


def test_a_scan_that_fails_lists_every_package_with_the_reason(
    tmp_path: Path, scanner: Path, capsys: pytest.CaptureFixture[str]
):
    scanner.write_text(NO_NETWORK)
    assert bill(tmp_path) == 0
    printed = capsys.readouterr().out
    assert "Scanned 0 of " in printed
    assert printed.count("  not scanned: ") == printed.count(": the index does not answer") > 1


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
