"""Makes a version: the part of packaging that needs TensorFlow."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.manifest import ArtifactForm, Manifest
from models.packaging.artifacts import Exchanges, build_artifacts
from models.packaging.candidates import SAVED_MODEL_DIRECTORY
from models.packaging.errors import PackagingError, reason_of
from models.packaging.fingerprint import tool_versions
from models.packaging.generated_requests import generate_requests
from models.packaging.given_samples import load_samples, refuse_unusable_samples, requests_from_samples
from models.packaging.options import PackageOptions
from models.packaging.preparation import Prepared, prepare
from models.packaging.repository import ModelRepository, list_files
from models.packaging.sources import Source
from models.packaging.trial_runner import Exchange
from models.packaging.warmup_requests import warmup_request
from models.progress import Say


def make_version(
    source: Source, repository: ModelRepository, options: PackageOptions, fingerprint: str, directory: Path, say: Say
) -> Manifest:
    """Build and try candidates, choose artifacts, and publish the version.

    Args:
        source: the model.
        repository: where the version goes.
        options: how to package it.
        fingerprint: see `fingerprint_of`.
        directory: an empty working directory.
        say: reports progress.

    Raises:
        PackagingError: the model cannot be packaged; the repository is unchanged.
    """
    say("reading the model")
    prepared = prepare(source, directory, options.allowed_operations)
    try:
        exchanges = _exchanges(prepared, options)
        warmup = _warmup(prepared, exchanges)
    finally:
        prepared.reference.close()
    forms: list[ArtifactForm] = [form for form in options.forms if form in prepared.forms]
    if not forms:
        raise PackagingError(f"a {source.form} source can be served as {', '.join(prepared.forms)} only")
    artifacts = build_artifacts(directory, prepared.signatures, exchanges, forms, options.tolerance, say)
    kept = {file for artifact in artifacts for file in artifact.files}
    kept |= {p.relative_to(directory).as_posix() for p in (directory / SAVED_MODEL_DIRECTORY).rglob("*") if p.is_file()}
    files = list_files(directory, sorted(kept))

    def manifest_for(version: int) -> Manifest:
        return Manifest(
            model=options.name,
            version=version,
            signatures=prepared.signatures,
            artifacts=tuple(artifacts),
            files=files,
            warmup=warmup,
            tools=tool_versions(),
            fingerprint=fingerprint,
        )

    say("writing the version")
    return repository.publish(manifest_for, directory, options.version)


def _exchanges(prepared: Prepared, options: PackageOptions) -> Exchanges:
    samples = load_samples(options.samples) if options.samples else {}
    if options.samples:
        refuse_unusable_samples(prepared.signatures, samples)
    exchanges: dict[str, Exchange] = {}
    for name, signature in prepared.signatures.items():
        requests = requests_from_samples(name, signature, samples) or generate_requests(
            name, signature, lambda request, name=name: prepared.reference.run(name, request)
        )
        try:
            answers = [prepared.reference.run(name, request) for request in requests]
        except Exception as error:
            raise PackagingError(f"the model fails on the samples for {name!r}: {reason_of(error)}") from error
        exchanges[name] = Exchange(requests=requests, answers=answers)
    return exchanges


def _warmup(prepared: Prepared, exchanges: Exchanges) -> Mapping[str, Mapping[str, Any]]:
    """A warm-up request for each signature, where JSON can hold one."""
    found = {
        name: warmup_request(exchange.requests[0], functools.partial(prepared.reference.run, name))
        for name, exchange in exchanges.items()
    }
    return {name: request for name, request in found.items() if request is not None}
