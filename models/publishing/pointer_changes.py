"""The changes of a pointer that commands ask for. Each is a function from the present pointer to the new one, which is
called again if another writer was faster."""

from collections.abc import Callable, Mapping

from handlers.manifest import CURRENT, Pointer
from models.publishing.errors import PublishingError

Change = Callable[[Pointer | None], Pointer]
"""Raises PublishingError if the present pointer does not allow the change. None stands for a model without one."""


def making_current(version: int) -> Change:
    """A version answers requests that name none, all of them: a split of those ends."""

    def change(present: Pointer | None) -> Pointer:
        if present is None:
            return Pointer(version=version)
        splits = {name: split for name, split in present.splits.items() if name != CURRENT}
        return present._replace(version=version, splits=splits)

    return change


def labelling(model: str, label: str, version: int) -> Change:
    """A label stands for a version."""

    def change(present: Pointer | None) -> Pointer:
        pointer = _there(model, present)
        if label == CURRENT:
            raise PublishingError(f"{CURRENT} is no label; `promote {model} {version}` makes version {version} current")
        if label in pointer.splits:
            raise PublishingError(f"{label} of {model} is a split; take it away first, with --remove")
        return pointer._replace(labels={**pointer.labels, label: version})

    return change


def splitting(model: str, name: str, weights: Mapping[str, int]) -> Change:
    """Requests by a name, or with the name `current` those that name no version, are split among labels."""

    def change(present: Pointer | None) -> Pointer:
        pointer = _there(model, present)
        if name in pointer.labels:
            raise PublishingError(f"{name} of {model} is a label; take it away first, with --remove")
        if unknown := sorted(weights.keys() - pointer.labels.keys()):
            known = ", ".join(pointer.labels) or "none"
            raise PublishingError(f"{model} has no label {unknown[0]!r}; its labels are {known}")
        if not any(weights.values()):
            raise PublishingError("one label at least needs a weight above 0")
        return pointer._replace(splits={**pointer.splits, name: dict(weights)})

    return change


def removing(model: str, name: str) -> Change:
    """A label or a split is taken away."""

    def change(present: Pointer | None) -> Pointer:
        pointer = _there(model, present)
        if name not in pointer.labels and name not in pointer.splits:
            known = ", ".join((*pointer.labels, *pointer.splits)) or "none"
            raise PublishingError(f"{model} has no label {name!r}; its labels are {known}")
        if used := [split for split, weights in pointer.splits.items() if name in weights]:
            raise PublishingError(f"the split {used[0]} of {model} sends requests to {name}; take the split away first")
        labels = {label: version for label, version in pointer.labels.items() if label != name}
        splits = {split: weights for split, weights in pointer.splits.items() if split != name}
        return pointer._replace(labels=labels, splits=splits)

    return change


def _there(model: str, present: Pointer | None) -> Pointer:
    if present is None:
        raise PublishingError(f"{model} has no pointer; publish a version of it first")
    return present
