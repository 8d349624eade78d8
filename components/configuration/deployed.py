"""Deployed: what a deployment was made with, as the stack's bucket records it. Imports no Pulumi."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from components.settings.declaration import key_of
from components.settings.settings import Settings

MACHINES_OWN = "model_repository"
"""A setting that says where something lies on one machine. The record names the models instead."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A stack as one deployment made it."""

    settings: Settings
    """Without the packaged models, and without what only one machine knows."""
    models: frozenset[str] = frozenset()
    """The packaged models."""
    storages: frozenset[str] = frozenset()
    """Where its functions' models live."""
    serves: frozenset[str] | None = field(default=None)
    """The models that it serves; None for every model in the bucket."""

    @property
    def known(self) -> frozenset[str]:
        """The models that it serves, as far as the deployment knew them."""
        return self.models if self.serves is None else self.serves


def deployed_with(settings: Settings) -> Deployed:
    """What a deployment with these settings leaves. The order of the subnets means nothing."""
    return Deployed(
        settings=replace(
            settings,
            packaged=(),
            region=None,
            model_repository=Settings().model_repository,
            subnet_ids=tuple(sorted(settings.subnet_ids)),
        ),
        models=frozenset(model.name for model in settings.packaged),
        storages=frozenset(each.storage for each in settings.functions()),
        serves=None if settings.served is None else frozenset(settings.served),
    )


def to_json(deployed: Deployed) -> str:
    """The record: the same text for the same deployment."""
    values = {key: getattr(deployed.settings, name) for key, name in _written()}
    document = {
        "settings": {key: value for key, value in values.items() if value is not None},
        "models": sorted(deployed.models),
        "storages": sorted(deployed.storages),
        "serves": None if deployed.serves is None else sorted(deployed.serves),
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Deployed:
    """The deployment that a record tells of. A setting that this release does not know, or not with this value, counts
    as left out: another release may have written it. Raises ValueError if the text is no record."""
    document: Any = json.loads(text)
    values: Any = document.get("settings", {}) if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise ValueError("it is not an object with settings")
    read = {name: _read(name, values[key]) for key, name in _written() if key in values}
    serves = document.get("serves")
    return Deployed(
        settings=Settings(**{name: value for name, value in read.items() if value is not None}),
        models=frozenset(document.get("models", ())),
        storages=frozenset(document.get("storages", ())),
        serves=None if serves is None else frozenset(serves),
    )


def _written() -> Iterator[tuple[str, str]]:
    """The key and the field of each setting that is recorded."""
    names = [each.name for each in fields(Settings) if "spec" in each.metadata]
    return ((key_of(name), name) for name in names if name != MACHINES_OWN)


def _read(name: str, value: Any) -> Any:
    spec = Settings.__dataclass_fields__[name].metadata["spec"]
    try:
        return spec.kind.parse(value if isinstance(value, str) else json.dumps(value))
    except ValueError:
        return None
