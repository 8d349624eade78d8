"""What an estimate needs to know of a model: from its manifest, or from its size alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.checked_json import ManifestError
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Artifact, ArtifactForm, EngineName, Manifest
from handlers.manifest_reading import parse_manifest_of, parse_pointer
from ops.advice.figures import Figures

GB = 1e9
SMALL_FILE_BYTES = 128 * 1024
"""Files that S3 Files keeps on its own storage; larger ones are read from the bucket.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-metering.html"""

ENGINES: Mapping[ArtifactForm, EngineName] = {
    "tflite": "litert",
    "onnx": "onnxruntime",
    "frozen_graph": "tensorflow",
    "saved_model": "tensorflow",
}


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """One model. Seconds are those of a processor of its own."""

    name: str
    engine: EngineName
    form: ArtifactForm
    read_bytes: int
    """What its engine reads when it loads it."""
    stored_bytes: int
    """All files of a version."""
    small_bytes: int
    """Those of `read_bytes` that are in small files."""
    files: int
    """How many files the engine reads."""
    memory_bytes: int
    load_seconds: float
    """From files at hand to an answer to the first request, without the start of the engine."""
    warm_seconds: float
    """A prediction."""
    source: str
    """Where the seconds come from."""


def packaged(repository: Path, names: Sequence[str] | None, figures: Figures) -> list[ModelFacts]:
    """The current versions of a repository's models. Raises ValueError if one cannot be read."""
    found = sorted(path.parent for path in repository.glob(f"*/{POINTER_FILE}"))
    if names is not None and (unknown := sorted(set(names) - {path.name for path in found})):
        raise ValueError(f"{repository} has no model {unknown[0]}; it has {', '.join(p.name for p in found) or 'none'}")
    chosen = [path for path in found if names is None or path.name in names]
    if not chosen:
        raise ValueError(f"{repository} holds no model; `make models` packages the samples, or give --size MB")
    return [_of_directory(path, figures) for path in chosen]


def of_size(megabytes: float, form: ArtifactForm, figures: Figures, *, warm: float | None = None) -> ModelFacts:
    """A model of which only the size and the form are known."""
    size = round(megabytes * 1e6)
    return ModelFacts(
        name=f"{megabytes:g}MB",
        engine=ENGINES[form],
        form=form,
        read_bytes=size,
        stored_bytes=size,
        small_bytes=0,
        files=1,
        memory_bytes=round(size * figures[f"memory_of_{form}"]),
        load_seconds=size / GB * figures[f"load_{form}_seconds_per_gb"],
        warm_seconds=figures["warm_seconds_per_gb"] * size / GB if warm is None else warm,
        source=f"its size, with load_{form}_seconds_per_gb" + (" and warm_seconds_per_gb" if warm is None else ""),
    )


def _of_directory(directory: Path, figures: Figures) -> ModelFacts:
    try:
        version = parse_pointer((directory / POINTER_FILE).read_bytes()).version
        content = (directory / str(version) / MANIFEST_FILE).read_bytes()
        manifest = parse_manifest_of(directory.name, version, content)
    except (OSError, ManifestError) as error:
        raise ValueError(f"the model in {directory} cannot be read: {error}") from None
    return of_manifest(manifest, figures)


def of_manifest(manifest: Manifest, figures: Figures) -> ModelFacts:
    """A packaged model, by the artifact that serves its default signature."""
    artifact = manifest.artifact_for(manifest.default_signature())
    read = manifest.files_of(artifact)
    size = sum(entry.size for entry in read)
    return ModelFacts(
        name=manifest.model,
        engine=artifact.engine,
        form=artifact.form,
        read_bytes=size,
        stored_bytes=sum(entry.size for entry in manifest.files),
        small_bytes=sum(entry.size for entry in read if entry.size <= SMALL_FILE_BYTES),
        files=len(read),
        memory_bytes=artifact.memory_bytes,
        load_seconds=size / GB * figures[f"load_{artifact.form}_seconds_per_gb"],
        warm_seconds=_measured_call(artifact, manifest.default_signature(), size, figures),
        source=f"{manifest.model}/{manifest.version}/{MANIFEST_FILE}",
    )


def _measured_call(artifact: Artifact, signature: str, size: int, figures: Figures) -> float:
    """The median that packaging measured, on one processor; by the size if it measured none."""
    medians: Any = artifact.evidence.get("median_seconds", {})
    measured = medians.get(signature) if isinstance(medians, Mapping) else None
    if not isinstance(measured, int | float):
        return figures["warm_seconds_per_gb"] * size / GB
    return float(measured) * _threads(artifact)


def _threads(artifact: Artifact) -> int:
    threads = artifact.evidence.get("threads", 1)
    return threads if isinstance(threads, int) else 1
