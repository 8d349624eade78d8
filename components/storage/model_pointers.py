"""Pointers: what `current.json` of a model says in the bucket after a deployment. Imports no Pulumi."""

from collections.abc import Iterator

from components.settings.packaged_models import PackagedModel
from handlers.manifest import Pointer
from handlers.manifest_reading import parse_pointer


class VersionTakenBackError(Exception):
    """An image would answer with another version than the one that was published. The message says what to do."""


def pointer_to_write(model: PackagedModel, published: str | None, *, is_baked: bool) -> str:
    """The content of `current.json` in the bucket.

    Args:
        model: as it is packaged.
        published: the content in the bucket; None if there is none.
        is_baked: whether functions serve the model from their image. The pointer then follows the image, so that what
            answers is what the bucket says. Else the pointer stays as it was published.

    Raises:
        VersionTakenBackError: a function would answer with an older version than the bucket says.
        ManifestError: the content in the bucket is no pointer.
    """
    packaged = model.pointer.to_json()
    if published is None:
        return packaged
    if not is_baked or parse_pointer(published) == model.pointer:
        return published
    if lost := list(_taken_back(parse_pointer(published), model.pointer)):
        key = f"models/{model.name}/current.json"
        raise VersionTakenBackError(
            f"{model.name}: the image would take back what was published: {'; '.join(lost)}. Copy what was published "
            f"to the model repository (aws s3 cp --recursive s3://BUCKET/models/{model.name} {model.directory}), or "
            f"package the model again. To go back on purpose, first write {packaged.strip()} to {key} in the bucket."
        )
    return packaged


def _taken_back(published: Pointer, packaged: Pointer) -> Iterator[str]:
    if packaged.version < published.version:
        yield f"version {published.version} answers now, and version {packaged.version} would answer"
    for label, version in published.labels.items():
        other = packaged.labels.get(label)
        if other is None:
            yield f"the label {label} stands for version {version} now, and would be gone"
        elif other < version:
            yield f"the label {label} stands for version {version} now, and would stand for version {other}"
