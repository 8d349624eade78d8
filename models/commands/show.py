"""`python -m models show`."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime

from handlers.manifest import Manifest
from models.commands.arguments import add_json, add_place
from models.commands.output import place_of, pointer_document, show
from models.packaging.function_memory import call_notes, memory_note
from models.progress import in_units
from models.publishing.comparison import figures
from models.publishing.pointer_file import PointerFile
from models.publishing.signature_changes import shown
from models.publishing.tried_forms import TriedForm, preference, tried_forms

SUMMARY = "show what answers for a model, and a version's signatures and measurements"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, and perhaps a version."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", type=int, nargs="?", help="a version (default: the current one)")
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the pointer and one version. Raises PublishingError if there is none."""
    published = place_of(options).models
    file = published.pointer_file(options.model)
    manifest = published.manifest(options.model, options.version or file.pointer.version)
    document = {
        **pointer_document(file),
        "versions": list(published.listing(options.model).complete),
        "version": manifest.version,
        "figures": figures(manifest)._asdict(),
        "call_memory": {
            name: line._asdict() for artifact in manifest.artifacts for name, line in artifact.call_memory.items()
        },
        "code": None if manifest.code is None else manifest.code._asdict(),
        "signatures": {
            name: {
                "inputs": {each: shown(spec) for each, spec in signature.inputs.items()},
                "outputs": {each: shown(spec) for each, spec in signature.outputs.items()},
                "prefer": preference(manifest, name),
                "forms": [form._asdict() for form in tried_forms(manifest, name)],
            }
            for name, signature in manifest.signatures.items()
        },
    }
    show(options, document, [*_pointer_lines(file), *_version_lines(manifest)])


def _pointer_lines(file: PointerFile) -> Iterator[str]:
    yield f"current    version {file.pointer.version}"
    for label, version in file.pointer.labels.items():
        yield f"label      {label}: version {version}"
    for name, split in file.pointer.splits.items():
        yield f"split      {name}: {', '.join(f'{label} {weight}' for label, weight in split.items())}"
    for each in file.former[-3:]:
        until = datetime.fromtimestamp(each.until, UTC)
        yield f"formerly   version {each.version}, until {until:%Y-%m-%d %H:%M:%S} UTC"


def _version_lines(manifest: Manifest) -> Iterator[str]:
    measured = figures(manifest)
    yield f"version {manifest.version}"
    yield f"  engine   {measured.engines}"
    yield f"  size     {in_units(measured.size_bytes)}"
    yield f"  memory   {in_units(measured.memory_bytes)}; {memory_note(manifest)}"
    yield from (f"  calls    {note}" for note in call_notes(manifest))
    if measured.latency_seconds is not None:
        yield f"  latency  {measured.latency_seconds * 1000:.3g} ms where it was packaged"
    if measured.worst_relative_error is not None:
        yield f"  error    {measured.worst_relative_error:.0e} at most, on {measured.samples} samples"
    if (code := manifest.code) is not None:
        packages = "".join(f", {name} {version}" for name, version in code.packages.items())
        yield f"  code     {', '.join(code.hooks)}{packages}; tried on {code.samples} requests"
    for name, signature in manifest.signatures.items():
        inputs = ", ".join(f"{each} {shown(spec)}" for each, spec in signature.inputs.items())
        outputs = ", ".join(f"{each} {shown(spec)}" for each, spec in signature.outputs.items())
        yield f"  {name}: {inputs} → {outputs}"
        if forms := tried_forms(manifest, name):
            prefer = preference(manifest, name)
            yield _form_line("form", "cold", "warm", "memory", "size", f"why, preferring {prefer}" if prefer else "why")
            yield from map(_tried_line, forms)


def _tried_line(tried: TriedForm) -> str:
    cold, warm, memory, size = tried.cold_seconds, tried.warm_seconds, tried.memory_bytes, tried.size_bytes
    return _form_line(
        tried.form.replace("_", " "),
        "" if cold is None else f"{cold:.3f} s",
        "" if warm is None else f"{warm * 1000:.3g} ms",
        "" if memory is None else in_units(memory),
        "" if size is None else in_units(size),
        tried.reason or "serves",
    )


def _form_line(form: str, cold: str, warm: str, memory: str, size: str, why: str) -> str:
    return f"    {form:13}{cold:>8}{warm:>11}{memory:>8}{size:>8}   {why}"
