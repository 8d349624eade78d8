"""The command line of `python -m models`."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from handlers.manifest import FORMS, ArtifactForm, EngineName
from models.build import Places, build, describe, train
from models.catalog import CatalogEntry, CatalogError, load_catalog
from models.packaging.errors import PackagingError
from models.packaging.forms import PREFERENCE
from models.packaging.package import PackageOptions, package
from models.packaging.repository import ModelRepository
from models.progress import Progress, in_units
from models.quiet import silence_libraries
from models.samples.third_party import FetchError, fetch_all
from models.samples.training import TrainingError

FAILURES = (PackagingError, TrainingError, CatalogError, FetchError)
PACKAGE_SUMMARY = "make any trained model a version of the repository, with the evidence that it answers the same"
PACKAGE_EPILOG = """\
Every way to serve the model is built, tried in a process of its own and compared with TensorFlow; the fastest that
answers the same is kept, for each signature. The manifest has the measurements, and why the others lost.

  python -m models package exports/1 --name flowers --samples held_out.npz
  python -m models package flowers.keras --name flowers --make-current
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 where it failed, 2 where the command line is wrong."""
    silence_libraries()
    signal.signal(signal.SIGTERM, _stop)
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except FAILURES as error:
        print(f"{options.verb}: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # the disk is full, or a file may not be read or written
        path = error.filename2 or error.filename
        where = f"{path}: " if path else ""
        print(f"{options.verb}: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    """End as on an exception, so that what is half done is cleared away."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models", description="Train and package TensorFlow models.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    exports = _directory("--exports", Places.exports, "where trained models go")
    repository = _directory("--repository", Places.repository, "the model repository")
    names = argparse.ArgumentParser(add_help=False)
    names.add_argument("names", nargs="*", metavar="NAME", help="sample models; all of the catalog if none is named")
    _add(
        verbs,
        _build,
        "build",
        "train and package the sample models, re-using what is there",
        names,
        exports,
        repository,
    )
    _add(verbs, _train, "train", "train the sample models, re-using what is there", names, exports)
    _add(verbs, _list, "list", "show what a repository holds", repository)
    _add(verbs, _verify, "verify", "check every file of a repository against its manifest", repository)
    _add(verbs, _fetch, "fetch-samples", "download the third-party models that tests and benchmarks use")
    _add_package(_add(verbs, _package, "package", PACKAGE_SUMMARY, repository))
    return parser


def _add_package(parser: argparse.ArgumentParser) -> None:
    """The options of `package`."""
    parser.epilog = PACKAGE_EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="a SavedModel directory, or a .keras, .h5, .hdf5 or .tflite file"
    )
    parser.add_argument("--name", required=True, help="the model's name in routes and paths")
    parser.add_argument("--version", type=int, help="the version's number (default: the next one)")
    parser.add_argument(
        "--engine", choices=get_args(EngineName), help="serve with this engine only (default: the best)"
    )
    parser.add_argument("--form", choices=PREFERENCE, help="serve in this form only (default: the best)")
    parser.add_argument(
        "--samples", type=Path, metavar="FILE.npz", help="real inputs, one array for each input name (default: random)"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="SHARE",
        help="largest error of floating-point outputs, as a share of the output's scale "
        "(default: 1e-4; 1e-2 for float16, 5e-2 for bfloat16)",
    )
    parser.add_argument(
        "--allow-op",
        action="append",
        default=[],
        metavar="NAME",
        help="keep an operation that could harm the one who serves the model; may be given several times",
    )
    parser.add_argument("--make-current", action="store_true", help="have this version answer from now on")


def _directory(option: str, default: Path, text: str) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    shown = default.relative_to(default.parents[1])
    parent.add_argument(option, type=Path, default=default, metavar="DIR", help=f"{text} (default: {shown})")
    return parent


def _add(
    verbs: Any,
    command: Callable[[argparse.Namespace], None],
    verb: str,
    summary: str,
    *parents: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        verb, help=summary, description=summary[0].upper() + summary[1:] + ".", parents=parents
    )
    parser.set_defaults(command=command)
    return parser


def _build(options: argparse.Namespace) -> None:
    build(_entries(options.names), Places(exports=options.exports, repository=options.repository))


def _train(options: argparse.Namespace) -> None:
    train(_entries(options.names), Places(exports=options.exports))


def _package(options: argparse.Namespace) -> None:
    with Progress(options.name) as progress:
        packaged = package(
            options.source,
            ModelRepository(options.repository),
            PackageOptions(
                name=options.name,
                version=options.version,
                forms=_forms(options.engine, options.form),
                samples=options.samples,
                tolerance=options.tolerance,
                allowed_operations=tuple(options.allow_op),
                make_current=options.make_current,
            ),
            progress.say,
        )
        progress.done(describe(packaged) + ("   unchanged" if packaged.reused else ""))
    for artifact in packaged.manifest.artifacts:
        print(f"  {', '.join(artifact.signatures)}: {artifact.reason}")
    if packaged.pointer.version != packaged.manifest.version:
        print(f"  version {packaged.pointer.version} still answers; --make-current has this one answer")


def _forms(engine: EngineName | None, form: ArtifactForm | None) -> tuple[ArtifactForm, ...]:
    allowed = FORMS[engine] if engine else PREFERENCE
    if form and form not in allowed:
        raise PackagingError(f"the {engine} engine does not serve the form {form}; it serves {', '.join(allowed)}")
    return (form,) if form else tuple(allowed)


def _list(options: argparse.Namespace) -> None:
    repository = ModelRepository(options.repository)
    for model in repository.models():
        pointer = repository.pointer(model)
        for version, manifest in repository.versions(model).items():
            mark = "*" if pointer is not None and pointer.version == version else " "
            engines = ", ".join(f"{a.engine} for {' '.join(a.signatures)}" for a in manifest.artifacts)
            size = in_units(sum(entry.size for entry in manifest.files))
            print(f"{mark} {model.ljust(16)} {version:>4}   {size.rjust(7)}   {engines}")


def _verify(options: argparse.Namespace) -> None:
    repository = ModelRepository(options.repository)
    wrong = [fault for model in repository.models() for fault in repository.faults(model)]
    if wrong:
        raise PackagingError("; ".join(wrong))
    print(f"every file of {', '.join(repository.models()) or 'the empty repository'} is as its manifest says")


def _fetch(options: argparse.Namespace) -> None:
    fetch_all(Places.third_party)


def _entries(names: Sequence[str]) -> Sequence[CatalogEntry]:
    catalog = load_catalog()
    if unknown := [name for name in names if name not in catalog]:
        raise CatalogError(f"the catalog has no {', '.join(unknown)}; it has {', '.join(catalog)}")
    return [catalog[name] for name in names or catalog]
