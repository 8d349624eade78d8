"""What the locks hold, and that they say the same."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaged import package
from tests.paths import PROJECT

DEPLOYMENT, DEVELOPMENT, IMAGES = "requirements.txt", "requirements-dev.txt", "handlers/requirements"


def locked(path: Path) -> dict[Requirement, frozenset[str]]:
    """The hashes by what they pin."""
    blocks = re.findall(r"^(\S[^\\\n]*==[^\\\n]*)((?:\\\n +--hash=\S+ ?)*)", path.read_text(), re.MULTILINE)
    return {Requirement(pin): frozenset(re.findall(r"sha256:[0-9a-f]{64}", hashes)) for pin, hashes in blocks}


def names(path: Path) -> set[str]:
    return {canonicalize_name(each.name) for each in locked(path)}


def group(name: str) -> set[str]:
    groups = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]
    return {canonicalize_name(Requirement(each).name) for each in groups[name]}


@pytest.mark.parametrize(
    "lock", [DEPLOYMENT, DEVELOPMENT, f"{IMAGES}/litert.txt", f"{IMAGES}/onnxruntime.txt", "policy/requirements.txt"]
)
def test_every_package_is_locked_to_a_version_and_to_hashes(lock: str) -> None:
    text, found = (PROJECT / lock).read_text(), locked(PROJECT / lock)
    assert found
    assert len(found) == len(re.findall(r"^[a-zA-Z0-9]", text, re.MULTILINE))
    assert [each for each, hashes in found.items() if not hashes or len(each.specifier) != 1] == []


def test_pulumi_installs_what_a_deployment_asks_for_and_what_that_needs_alone() -> None:
    text = (PROJECT / DEPLOYMENT).read_text()
    asked = re.findall(
        r"^(\S+)==.*\n(?:    --hash.*\n)*(?:    # .*\n)*?    # +(?:via )?tensorflow-lambda ", text, re.MULTILINE
    )
    assert set(asked) == group("deploy")
    assert names(PROJECT / DEPLOYMENT).isdisjoint({"tensorflow", "tensorflow-cpu", "numpy", "boto3", "awslambdaric"})


@pytest.mark.parametrize(
    "lock", [DEPLOYMENT, *(f"{IMAGES}/{each}" for each in ("litert.txt", "onnxruntime.txt", "tensorflow-arm64.txt"))]
)
def test_a_lock_pins_what_development_is_locked_to(lock: str) -> None:
    everything = {(each.name, str(each.specifier)): hashes for each, hashes in locked(PROJECT / DEVELOPMENT).items()}
    for each, hashes in locked(PROJECT / lock).items():
        assert hashes == everything.get((each.name, str(each.specifier))), f"{each}: run `make lock`"


PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

class NotLocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError(f"{name} is not in the lock of a deployment", name=name)

hidden = set(sys.argv[1].split(","))
sys.meta_path.insert(0, NotLocked())

from pathlib import Path
import components.image.handler_image, components.stack.stack_storages
from ops.program import record
components.stack.stack_storages.IMAGES_DIRECTORY = Path(sys.argv[3])
components.image.handler_image.CONTEXT_DIRECTORIES = (Path("handlers"), Path(sys.argv[3]))
settings = dict(each.split("=", 1) for each in sys.argv[4:])
recorded = record(Path(sys.argv[2]), "dev", settings)
print(len(recorded.registered))
"""


@pytest.mark.parametrize(
    "settings",
    [
        ["storage=s3", "mode=multi"],
        ["storage=efs", "mode=single", "monitoring=true"],
        ["storage=s3files", "mode=multi", "api=rest"],
        ["storage=image", "mode=single", "snapStart=true", "delivery=canary10Percent5Minutes", "monitoring=true"],
    ],
    ids=",".join,
)
def test_the_program_runs_with_what_a_deployment_is_locked_to_alone(
    tmp_path: Path, elsewhere: Path, settings: list[str]
) -> None:
    package(tmp_path, "iris")
    kept = names(PROJECT / DEPLOYMENT)
    hidden = [
        module
        for module, distributions in packages_distributions().items()
        if not {canonicalize_name(each) for each in distributions} & kept
    ]
    assert {"tensorflow", "numpy", "boto3", "botocore", "psutil"} <= set(hidden)
    arguments = [",".join(hidden), str(PROJECT), str(elsewhere), f"modelRepository={tmp_path}", *settings]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
