"""How a change of a pointer reaches the functions of a stack, in words, and the wait for it."""

from argparse import Namespace
from collections.abc import Iterator, Mapping

from handlers.manifest import Manifest
from models.commands.output import progress_of
from models.publishing.errors import PublishingError
from models.publishing.functions import Functions
from models.publishing.places import Place
from models.publishing.stacks import Storage

WORDS: Mapping[Storage, str] = {
    "s3": "each function reads the pointer within 5 s and fetches the version",
    "efs": "the sync function copies the version to the file system, then each function reads the pointer within 5 s",
    "s3files": "the mount shows the version within a minute, then each function reads the pointer within 5 s",
    "image": "the models are part of the image: package the version with --make-current, and deploy",
}


def refuse_unwaitable(options: Namespace) -> None:
    """Raise PublishingError if `--wait` is given without a stack whose functions could be asked."""
    if options.wait is not None and options.stack is None:
        raise PublishingError("--wait asks the functions of a stack; name it with --stack")


def wait(options: Namespace, place: Place, manifest: Manifest, label: str | None = None) -> float | None:
    """With `--wait`: wait until the version answers. Returns the seconds that it took; None if it was not waited for.

    Raises PublishingError if it does not answer in time, or cannot.
    """
    if options.wait is None or place.stack is None:
        return None
    if place.stack.storage_of(manifest.model) == "image":
        raise PublishingError(f"nothing to wait for: {WORDS['image']}")
    with progress_of(manifest.model) as progress:
        return Functions(place.stack).await_version(manifest, label, options.wait, progress.say)


def what_follows(place: Place, manifest: Manifest, seconds: float | None) -> Iterator[str]:
    """What happens after a pointer named a version, a line for each thing.

    Nothing where nobody knows, because the place was not named by its stack. `seconds`: what `wait` returned.
    """
    if seconds is not None:
        yield f"  it answered {seconds:.1f} s after the pointer moved"
    elif place.stack is not None:
        storage = place.stack.storage_of(manifest.model)
        yield f"  next: {WORDS[storage] if storage else f'deploy the stack {place.stack.name} with {manifest.model}'}"
        if lacking := sorted({each.engine for each in manifest.artifacts} - place.stack.engines):
            yield f"  its functions lack {', '.join(lacking)}: set imageEngines to tensorflow, and deploy"
