"""`python -m models package`."""

import argparse
from pathlib import Path
from typing import get_args

from handlers.manifest import FORMS, ArtifactForm, EngineName
from models.commands.arguments import add_preference, add_repository, add_samples
from models.origins.opening import ORIGINS, Opened, opened
from models.packaging.code.files import find_code
from models.packaging.errors import PackagingError
from models.packaging.forms import PREFERENCE
from models.packaging.function_memory import memory_note
from models.packaging.options import PackageOptions
from models.packaging.package import package
from models.packaging.repository import ModelRepository
from models.packaging.summary import notes_of, summary_of
from models.progress import Progress

IN_SOURCE = ""
"""Stands for `--code` without a path."""

SUMMARY = "package a trained model as a version of the repository, and verify its answers"
ADDRESSES = "\n".join(f"  {origin.form}" for origin in ORIGINS.values())
EPILOG = f"""\
SOURCE is a SavedModel directory, a .keras, .h5, .hdf5 or .tflite file, a .tar.gz archive of one, or an address:

{ADDRESSES}

Where several models are, '#' and a path name one: model.tar.gz#export/Servo/1.

The command builds the model in every form, runs each form in a process of its own, and compares its answers with
TensorFlow's. For each signature it keeps the fastest form whose answers are the same. The manifest holds the
measurements, and the reasons against the other forms.

  python -m models package exports/1 --name flowers --samples held_out.npz
  python -m models package flowers.keras --name flowers --make-current
  python -m models package mlflow:models:/flowers@champion --name flowers
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source, and how to package it."""
    add_repository(parser)
    parser.add_argument("source", metavar="SOURCE", help="a path or an address, see below")
    parser.add_argument("--name", required=True, help="the model's name in routes and paths")
    parser.add_argument("--version", type=int, help="the version's number (default: the next one)")
    parser.add_argument(
        "--engine", choices=get_args(EngineName), help="serve with this engine only (default: the best)"
    )
    parser.add_argument("--form", choices=PREFERENCE, help="serve in this form only (default: the best)")
    add_preference(parser)
    add_samples(parser)
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="SHARE",
        help="largest error of floating-point outputs, as a share of the output's scale "
        "(default: 1e-4; 1e-2 for float16, 5e-2 for bfloat16)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="reject engines that differ from TensorFlow on numbers that are not finite (NaN, infinity) or extreme",
    )
    parser.add_argument(
        "--allow-op",
        action="append",
        default=[],
        metavar="NAME",
        help="accept a dangerous operation (repeatable)",
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="import a Python module that defines layers or other classes of a Keras file (repeatable); it runs here",
    )
    parser.add_argument(
        "--code",
        nargs="?",
        const=IN_SOURCE,
        metavar="PATH",
        help="run this inference.py before and after the model, or the one in this directory (default: what came with "
        "SOURCE); only a stack with allowModelCode serves it",
    )
    parser.add_argument(
        "--requests", type=Path, metavar="DIR", help="with --code: files that it is tried on, as callers send them"
    )
    parser.add_argument("--make-current", action="store_true", help="serve this version from now on")


def run(options: argparse.Namespace) -> None:
    """Package, and print the reason for each choice. Raises PackagingError."""
    with Progress(options.name) as progress, opened(options.source, progress.say) as source:
        packaged = package(
            source.model,
            ModelRepository(options.repository),
            PackageOptions(
                name=options.name,
                version=options.version,
                forms=_forms(options.engine, options.form),
                prefer=options.prefer,
                samples=options.samples,
                tolerance=options.tolerance,
                strict=options.strict,
                allowed_operations=tuple(options.allow_op),
                imports=tuple(options.imports),
                code=_code(options.code, source),
                requests=options.requests,
                make_current=options.make_current,
            ),
            progress.say,
        )
        progress.done(summary_of(packaged))
    for artifact in packaged.manifest.artifacts:
        print(f"  {', '.join(artifact.signatures)}: {artifact.reason}")
    print(f"  {memory_note(packaged.manifest)}")
    if notes := notes_of(packaged.manifest):
        print(f"  unlike TensorFlow, {'; '.join(notes)}. --strict refuses such an engine")
    if packaged.pointer.version != packaged.manifest.version:
        print(f"  version {packaged.pointer.version} is still current; --make-current makes this one current")


def _code(given: str | None, source: Opened) -> Path | None:
    """The code to package. Raises PackagingError if it should have come with the model, and did not."""
    if given is None:
        return None
    return find_code(source.beside) if given == IN_SOURCE else Path(given)


def _forms(engine: EngineName | None, form: ArtifactForm | None) -> tuple[ArtifactForm, ...]:
    """The forms to try. Raises PackagingError if the engine does not serve the form."""
    allowed = FORMS[engine] if engine else PREFERENCE
    if form and form not in allowed:
        raise PackagingError(f"the {engine} engine does not serve the form {form}; it serves {', '.join(allowed)}")
    return (form,) if form else tuple(allowed)
