"""Makes a version: the part of packaging that needs TensorFlow."""

import functools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from handlers.manifest import ArtifactForm, Manifest, Signature
from models.packaging.arrays import Arrays
from models.packaging.artifacts import Exchanges, build_artifacts
from models.packaging.candidates import SAVED_MODEL_DIRECTORY
from models.packaging.code.files import copy_code
from models.packaging.code.packages import bring_packages
from models.packaging.code.trial import code_of, try_code
from models.packaging.comparison import compare
from models.packaging.errors import PackagingError, reason_of
from models.packaging.fingerprint import tool_versions
from models.packaging.judgement import Rules
from models.packaging.options import PackageOptions
from models.packaging.preparation import Prepared, prepare
from models.packaging.repository import ModelRepository, list_files
from models.packaging.requests.edges import edge_requests
from models.packaging.requests.exchange import Exchange, Rejection, Request, ask
from models.packaging.requests.generated import Fits, fits_anything, generate_requests
from models.packaging.requests.sample_files import read_samples
from models.packaging.requests.samples import Samples, refuse_unusable_samples, requests_from_samples
from models.packaging.requests.warmup import warmup_request
from models.packaging.sources import Source
from models.packaging.state import random_operations
from models.packaging.static_shapes import fits_of
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
    packages = _bring_code(options.code, directory, say)
    say("reading the model")
    prepared = prepare(source, directory, options.allowed_operations, options.imports)
    try:
        exchanges = _exchanges(prepared, options)
        warmup = _warmup(prepared, exchanges)
    finally:
        prepared.reference.close()
    forms: list[ArtifactForm] = [form for form in options.forms if form in prepared.forms]
    if not forms:
        raise PackagingError(f"a {source.form} source can be served as {', '.join(prepared.forms)} only")
    rules = Rules(tolerance=options.tolerance, strict=options.strict)
    artifacts = build_artifacts(directory, prepared.signatures, exchanges, forms, rules, options.prefer, say)
    kept = {file for artifact in artifacts for file in artifact.files}
    kept |= {p.relative_to(directory).as_posix() for p in (directory / SAVED_MODEL_DIRECTORY).rglob("*") if p.is_file()}
    code = None if options.code is None else code_of(directory, packages)
    kept.update(code.files if code else ())
    manifest = Manifest(
        model=options.name,
        version=1,
        signatures=prepared.signatures,
        artifacts=tuple(artifacts),
        files=list_files(directory, sorted(kept)),
        warmup=warmup,
        tools=tool_versions(),
        fingerprint=fingerprint,
        code=code,
    )
    if options.requests is not None:
        say("trying its code")
        manifest = manifest._replace(code=try_code(manifest, directory, options.requests))
    say("writing the version")
    return repository.publish(lambda version: manifest._replace(version=version), directory, options.version)


def _bring_code(code: Path | None, directory: Path, say: Say) -> Mapping[str, str]:
    """Put the code and its packages into a version's directory. Returns the packages. Raises PackagingError."""
    if code is None:
        return {}
    say("bringing the code and its packages")
    copy_code(code, directory)
    return bring_packages(directory)


def _exchanges(prepared: Prepared, options: PackageOptions) -> Exchanges:
    samples = read_samples(options.samples) if options.samples else None
    if samples:
        refuse_unusable_samples(prepared.signatures, samples)
    return {name: _exchange(name, prepared, samples) for name in prepared.signatures}


def _exchange(name: str, prepared: Prepared, samples: Samples | None) -> Exchange:
    """Requests to one signature, with the reference's answers. Raises PackagingError."""
    signature, run = prepared.signatures[name], functools.partial(prepared.reference.run, name)
    given = requests_from_samples(name, signature, samples, run) if samples else None
    made = (
        [*map(Request, given)]
        if given
        else generate_requests(name, signature, run, prepared.vocabulary, _fits(prepared, signature))
    )
    base = made[min(1, len(made) - 1) if given else 2].inputs
    requests = [*made, *edge_requests(signature, base, prepared.operations[name])]
    try:
        exchange = ask(prepared.reference, name, requests)
        again = ask(prepared.reference, name, requests[:1])
    except Exception as error:
        raise PackagingError(
            f"{samples.path if samples else 'generated inputs'}: the model fails on the request for {name!r} "
            f"({reason_of(error)}); the request has {_shapes(made[0].inputs)}"
        ) from error
    _refuse_chance(name, exchange, again, prepared.operations[name])
    return exchange


def _fits(prepared: Prepared, signature: Signature) -> Fits:
    """What says whether inputs are large enough for a signature that takes any size."""
    takes_any = any(-1 in (spec.shape or ())[1:] for spec in signature.inputs.values())
    return fits_of(prepared.meta_graph, signature) if prepared.meta_graph is not None and takes_any else fits_anything


def _refuse_chance(name: str, exchange: Exchange, again: Exchange, operations: Collection[str]) -> None:
    """Check that the reference answers one request the same twice. Raises PackagingError."""
    first, second = exchange.answers[0], again.answers[0]
    if isinstance(first, Rejection) or isinstance(second, Rejection) or not compare([first], [second], None).reason:
        return
    drawn = random_operations(operations)
    why = f": it draws random numbers ({', '.join(drawn)})" if drawn else ""
    raise PackagingError(
        f"the signature {name!r} answers one request differently each time{why}. Draw random numbers with a fixed seed "
        "(tf.random.stateless_normal), or take them as an input."
    )


def _shapes(request: Arrays) -> str:
    return ", ".join(f"{name} {list(array.shape)}" for name, array in request.items())


def _warmup(prepared: Prepared, exchanges: Exchanges) -> Mapping[str, Mapping[str, Any]]:
    """A warm-up request for each signature, where JSON can hold one."""
    found = {
        name: warmup_request(exchange.requests[0].inputs, functools.partial(prepared.reference.run, name))
        for name, exchange in exchanges.items()
    }
    return {name: request for name, request in found.items() if request is not None}
