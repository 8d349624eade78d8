"""Subjects: the models that are measured, each as a Keras file, as a SavedModel and packaged for each engine.

`prepare` makes them once, in a process of their own: whoever measures must not hold TensorFlow in memory, because
the pages of its libraries would then stay in the page cache when the cache is dropped.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.paths import BUILD, REPOSITORIES, ROOT, SUBJECTS
from handlers.manifest import MANIFEST_FILE, parse_manifest
from models.packaging.fingerprint import tool_versions

Form = Literal["tflite", "frozen_graph", "saved_model"]
FORMS: tuple[Form, ...] = ("tflite", "frozen_graph", "saved_model")

SAMPLES = ("digits", "iris", "wine", "breast_cancer", "diabetes")
NETWORKS = ("mobilenet_v2", "resnet50")
SUBJECT_NAMES = (*SAMPLES, *NETWORKS)
LABELS = {"mobilenet_v2": "MobileNetV2", "resnet50": "ResNet50"}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model to measure; it has one float32 input and one float32 output."""

    name: str
    input: str
    shape: tuple[int, ...]
    """Of one instance, without the batch dimension."""
    output: str
    keras_differs: bool = False
    """The signature does more than the Keras model, so that their answers are not comparable."""

    @property
    def label(self) -> str:
        """The name as people write it."""
        return LABELS.get(self.name, self.name)

    @property
    def large(self) -> bool:
        """Whether a request carries raw tensors; a small one is JSON."""
        return self.name in NETWORKS

    @property
    def keras_file(self) -> Path:
        """What the Keras handler loads."""
        return SUBJECTS / self.name / "model.keras"

    @property
    def saved_model(self) -> Path:
        """What the SavedModel handler loads, and what packaging starts from."""
        return SUBJECTS / self.name / "saved_model"

    def write(self) -> None:
        """Remember it; the last step of making it."""
        (SUBJECTS / self.name / "subject.json").write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


class FamilyOfModels:
    """Many models of one size, in one repository, for LiteRT."""

    NAME = "family"
    SIZE = 100
    FEATURES = 64
    """Numbers in one instance."""

    members = tuple(f"model-{number:03}" for number in range(SIZE))
    repository = REPOSITORIES / NAME

    def prepare(self) -> None:
        """Make it, if it is not there yet. Raises CalledProcessError if it cannot be made."""
        if not (self.repository / self.members[-1] / "current.json").exists():
            _make([self.NAME])

    def subject(self, member: str) -> Subject:
        """One of the models."""
        return Subject(name=member, input="features", shape=(self.FEATURES,), output="probabilities")


def repository(form: Form) -> Path:
    """The model repository that holds the subjects in one form only."""
    return REPOSITORIES / form


def prepare(names: Sequence[str]) -> list[Subject]:
    """Make what is not there yet, and return the subjects. Raises CalledProcessError if one cannot be made."""
    missing = [name for name in names if not _is_whole(name)]
    if missing:
        _make(missing)
    return [read(name) for name in names]


def read(name: str) -> Subject:
    """A subject that has been made."""
    document: dict[str, Any] = json.loads((SUBJECTS / name / "subject.json").read_text(encoding="utf-8"))
    document["shape"] = tuple(document["shape"])
    return Subject(**document)


def _is_whole(name: str) -> bool:
    made = (SUBJECTS / name / "subject.json").exists()
    return made and all(_is_current(repository(form) / name / "1" / MANIFEST_FILE) for form in FORMS)


def _is_current(manifest: Path) -> bool:
    """Whether a version is there and was made by packaging as it is now."""
    return manifest.exists() and parse_manifest(manifest.read_bytes()).tools == tool_versions()


def _make(names: Sequence[str]) -> None:
    print(f"making {', '.join(names)} in {BUILD.relative_to(ROOT)} (once)", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.make_subjects", *names], cwd=ROOT, check=True)
