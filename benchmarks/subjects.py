"""Subjects: the measured models, each as a Keras file, as a SavedModel and packaged in each form.

`prepare` makes them once, in a process of its own. A measuring process must not load TensorFlow: the pages of its
libraries would stay in the page cache when the cache is dropped.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.paths import BUILD, PROJECT, REPOSITORIES, SUBJECTS
from handlers.manifest import MANIFEST_FILE, ArtifactForm
from handlers.manifest_reading import parse_manifest
from models.packaging.fingerprint import tool_versions
from models.packaging.forms import PREFERENCE

SAMPLES = ("digits", "iris", "wine", "breast_cancer", "diabetes")
NETWORKS = ("mobilenet_v2", "resnet50")
FURTHER_NETWORKS = ("efficientnet_b0", "conv1d", "transformer", "gru", "unet")
"""Measured beside the peers alone."""
WEIGHT_MEGABYTES = (1, 4, 16, 64, 256, 1024)
DENSE = tuple(f"dense_{size}" for size in WEIGHT_MEGABYTES)
"""Dense layers with so many MiB of weights, to measure what grows with a model's size."""
SUBJECT_NAMES = (*SAMPLES, *NETWORKS)
LABELS = {
    "mobilenet_v2": "MobileNetV2",
    "resnet50": "ResNet50",
    "efficientnet_b0": "EfficientNetB0",
    "conv1d": "convolutions over sound",
    "transformer": "encoder of 6 layers",
    "gru": "GRU of 2 layers",
    "unet": "U-Net",
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model to measure; it has one float32 input and one float32 output."""

    name: str
    input: str
    shape: tuple[int, ...]
    """Of one instance, without the batch dimension."""
    output: str
    keras_differs: bool = False
    """Whether the signature does more than the Keras model, so that their answers differ."""

    @property
    def label(self) -> str:
        """The name for the report."""
        return LABELS.get(self.name, self.name)

    @property
    def large(self) -> bool:
        """Whether requests carry raw tensors; otherwise they are JSON."""
        return self.name in (*NETWORKS, *FURTHER_NETWORKS)

    @property
    def keras_file(self) -> Path:
        """The file that the Keras handler loads."""
        return SUBJECTS / self.name / "model.keras"

    @property
    def saved_model(self) -> Path:
        """The directory that the SavedModel handler loads, and the source for packaging."""
        return SUBJECTS / self.name / "saved_model"

    def write(self) -> None:
        """Write its description; the last step of making it."""
        (SUBJECTS / self.name / "subject.json").write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


class FamilyOfModels:
    """Models of one size in one repository, for LiteRT. By default, a hundred.

    Args:
        name: of the repository.
        size: how many models.
        width: how many numbers each of the two hidden layers has.
    """

    FEATURES = 64
    """The numbers in one instance."""

    def __init__(self, name: str = "family", size: int = 100, width: int = 1024) -> None:
        self.name, self.size, self.width = name, size, width
        self.members = tuple(f"model-{number:03}" for number in range(size))
        self.repository = REPOSITORIES / name

    def prepare(self) -> None:
        """Make the models if they are missing. Raises CalledProcessError if that fails."""
        if not (self.repository / self.members[-1] / "current.json").exists():
            _make([self.name])

    def subject(self, member: str) -> Subject:
        """One of the models as a subject."""
        return Subject(name=member, input="features", shape=(self.FEATURES,), output="probabilities")


FAMILY = FamilyOfModels()
SMALL_FAMILY = FamilyOfModels("small_family", size=300, width=64)
FAMILIES = {family.name: family for family in (FAMILY, SMALL_FAMILY)}

CHOSEN = REPOSITORIES / "chosen"
"""The model repository with the subjects in the form that packaging chooses."""


def repository(form: ArtifactForm) -> Path:
    """The model repository with the subjects in one form."""
    return REPOSITORIES / form


def prepare(names: Sequence[str]) -> list[Subject]:
    """Make the subjects that are missing or out of date, and return all. Raises CalledProcessError if that fails."""
    missing = [name for name in names if not _is_whole(name)]
    if missing:
        _make(missing)
    return [read(name) for name in names]


def prepare_chosen(names: Sequence[str]) -> list[Subject]:
    """The same in the form that packaging chooses, and for LiteRT where it can be. Raises CalledProcessError."""
    missing = [name for name in names if not _is_current(CHOSEN / name / "1" / MANIFEST_FILE)]
    if missing:
        _make([f"chosen:{name}" for name in missing])
    return [read(name) for name in names]


def prepare_form(names: Sequence[str], form: ArtifactForm) -> list[Subject]:
    """The same in one form alone. Raises CalledProcessError."""
    missing = [name for name in names if not _is_current(repository(form) / name / "1" / MANIFEST_FILE)]
    if missing:
        _make([f"{form}:{name}" for name in missing])
    return [read(name) for name in names]


def read(name: str) -> Subject:
    """Read a subject's description. Raises FileNotFoundError if it was not made."""
    document: dict[str, Any] = json.loads((SUBJECTS / name / "subject.json").read_text(encoding="utf-8"))
    document["shape"] = tuple(document["shape"])
    return Subject(**document)


def _is_whole(name: str) -> bool:
    made = (SUBJECTS / name / "subject.json").exists()
    return made and all(_is_current(repository(form) / name / "1" / MANIFEST_FILE) for form in PREFERENCE)


def _is_current(manifest: Path) -> bool:
    """Whether a version exists and was packaged with the tools of today."""
    return manifest.exists() and parse_manifest(manifest.read_bytes()).tools == tool_versions()


def _make(names: Sequence[str]) -> None:
    print(f"making {', '.join(names)} in {BUILD.relative_to(PROJECT)} (once)", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.make_subjects", *names], cwd=PROJECT, check=True)
