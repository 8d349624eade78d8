"""`python -m models publish`."""

import argparse

from models.commands.arguments import add_change, add_place, add_preference, add_repository, add_samples
from models.commands.going_live import refuse_unwaitable, wait, what_follows
from models.commands.names import label_name
from models.commands.output import place_of, pointer_document, progress_of, show
from models.origins.opening import opened
from models.packaging.errors import PackagingError
from models.packaging.options import PackageOptions
from models.packaging.package import package
from models.packaging.repository import ModelRepository
from models.progress import in_units
from models.publishing.errors import PublishingError
from models.publishing.places import Place
from models.publishing.publisher import Plan, Publication, Published, plan, publish

SUMMARY = "publish a packaged version into a bucket, a directory or a stack"
EPILOG = """\
The version appears whole or not at all, also if the command is killed: run it again, and it uploads what is left. It
keeps its number if that is free, and gets the next one if not. The first version of a model becomes current; a further
one answers under its label, or once it is promoted.

With --from, the model is packaged first, as `package` does it. `package --help` says which addresses there are, and has
more options.

  python -m models publish flowers --stack dev --label canary --wait
  python -m models publish flowers --at s3://bucket/models --make-current
  python -m models publish flowers --from mlflow:models:/flowers@champion --stack dev --label canary
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, and where it goes."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--version", type=int, help="the packaged version (default: the newest)")
    parser.add_argument("--from", dest="source", metavar="SOURCE", help="package this model first")
    add_preference(parser)
    add_samples(parser)
    add_repository(parser)
    add_place(parser, required=True)
    parser.add_argument("--label", type=label_name, help="let this label stand for the version")
    parser.add_argument("--make-current", action="store_true", help="serve this version from now on")
    parser.add_argument(
        "--allow-signature-change",
        action="store_true",
        help="publish it although its inputs or outputs differ from the current version's",
    )
    add_change(parser)


def run(options: argparse.Namespace) -> None:
    """Publish, and say what happens next. Raises PublishingError, PackagingError, Refused."""
    refuse_unwaitable(options)
    if options.samples is not None and options.source is None:
        raise PackagingError("--samples tries the model of --from; a packaged version has been tried")
    if options.prefer is not None and options.source is None:
        raise PackagingError("--prefer chooses forms of the model of --from; those of a packaged version are chosen")
    place = place_of(options)
    repository = ModelRepository(options.repository)
    publication = Publication(
        source=repository,
        model=options.model,
        version=options.version if options.source is None else _packaged(options, repository),
        label=options.label,
        make_current=options.make_current,
        allow_signature_change=options.allow_signature_change,
    )
    planned = plan(publication, place.models)
    _refuse_code(planned, place)
    if options.dry_run:
        _tell_plan(options, planned)
        return
    with progress_of(options.model) as progress:
        done = publish(publication, place.models, progress.say)
    is_current = done.pointer.pointer.version == done.manifest.version
    is_named = is_current or options.label is not None
    seconds = wait(options, place, done.manifest, None if is_current else options.label) if is_named else None
    _tell(options, place, done, is_named=is_named, seconds=seconds)


def _refuse_code(planned: Plan, place: Place) -> None:
    """Raise PublishingError if the version brings code and its stack would not serve it."""
    if planned.manifest.code is not None and place.stack is not None and not place.stack.allows_code:
        raise PublishingError(
            f"version {planned.manifest.version} of {planned.manifest.model} brings code (inference.py), and the stack "
            f"{place.stack.name!r} serves no version that does. Set allowModelCode to true and deploy, or package the "
            "model without --code"
        )


def _packaged(options: argparse.Namespace, repository: ModelRepository) -> int:
    """Package the model of `--from`. Returns its version. Raises PackagingError."""
    wanted = PackageOptions(name=options.model, version=options.version, prefer=options.prefer, samples=options.samples)
    with progress_of(options.model) as progress, opened(options.source, progress.say) as source:
        return package(source.model, repository, wanted, progress.say).manifest.version


def _tell_plan(options: argparse.Namespace, planned: Plan) -> None:
    number = planned.manifest.version
    what = "is published already" if planned.existed else f"would be uploaded, {len(planned.manifest.files)} files"
    note = " and become current" if planned.becomes_current else ""
    document = {
        "version": number,
        "existed": planned.existed,
        "becomes_current": planned.becomes_current,
        "changes": planned.changes,
    }
    show(options, document, [f"version {number} of {options.model} {what}{note}", *planned.changes])


def _tell(options: argparse.Namespace, place: Place, done: Published, *, is_named: bool, seconds: float | None) -> None:
    number, current = done.manifest.version, done.pointer.pointer.version
    document = {
        "version": number,
        "existed": done.existed,
        "uploaded_files": done.uploaded,
        "uploaded_bytes": done.uploaded_bytes,
        "seconds_until_live": seconds,
        **pointer_document(done.pointer),
    }
    what = "was published before" if done.existed else f"is published, {in_units(done.uploaded_bytes)} uploaded"
    first = f"version {number} of {options.model} {what}; version {current} is current"
    if not is_named:
        first += f". `promote {options.model} {number}` makes this one current"
    show(options, document, [first, *(what_follows(place, done.manifest, seconds) if is_named else ())])
