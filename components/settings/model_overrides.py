"""Overrides: the settings that a single model may have for itself. Imports no Pulumi."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from components.settings.declaration import Kind, key_of
from components.settings.function_settings import FunctionSettings
from components.settings.setting_types import choice, table
from components.settings.storage_settings import Storage
from handlers.manifest import EngineName

ENGINE = "engine"
"""The override that asks for an engine. It changes nothing: it refuses a model that was packaged for another one."""

KINDS: Mapping[str, Kind[Any]] = {
    "storage": choice(get_args(Storage)),
    ENGINE: choice(get_args(EngineName)),
    **{key_of(field.name): field.metadata["spec"].kind for field in fields(FunctionSettings)},
}
"""The overrides by key."""

FIELDS: Mapping[str, str] = {"storage": "storage"} | {key_of(each.name): each.name for each in fields(FunctionSettings)}
"""The fields of Settings by key. An engine is no field."""


def overrides() -> Kind[Mapping[str, Mapping[str, Any]]]:
    """Overrides by model and key."""
    return table(KINDS, required=(), of="models by name")
