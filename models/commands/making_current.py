"""What `promote` and `rollback` have in common."""

from argparse import Namespace

from models.commands.going_live import refuse_unwaitable, wait, what_follows
from models.commands.output import pointer_document, show
from models.publishing.places import Place
from models.publishing.pointer_changes import making_current


def make_current(options: Namespace, place: Place, version: int) -> None:
    """Make a version current, or with `--dry-run` say so. Raises PublishingError if there is no such version."""
    refuse_unwaitable(options)
    model, published = options.model, place.models
    manifest = published.manifest(model, version)
    before = published.pointer_file(model).pointer.version
    if options.dry_run:
        show(options, {"current": before, "would_be": version}, [f"{model}: version {before} → {version}"])
        return
    file = published.change_pointer(model, making_current(version))
    seconds = wait(options, place, manifest)
    lines = [f"{model}: version {before} → {version}" if before != version else f"{model}: {version} is current"]
    lines += what_follows(place, manifest, seconds)
    show(options, {**pointer_document(file), "seconds_until_live": seconds}, lines)
