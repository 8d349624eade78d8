"""Overrides: the settings that a single model may have for itself. Imports no Pulumi."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from components.settings.function_settings import FunctionSettings
from components.settings.setting_types import Kind, choice, key_of, table
from components.settings.storage_settings import Storage
from handlers.manifest import EngineName

ENGINE = "engine"
"""The override that checks what packaging chose, and changes nothing."""

KINDS: Mapping[str, Kind[Any]] = {
    "storage": choice(get_args(Storage)),
    ENGINE: choice(get_args(EngineName)),
    **{key_of(field.name): field.metadata["spec"].kind for field in fields(FunctionSettings)},
}
"""What a model may have for itself, by key."""

FIELDS: Mapping[str, str] = {"storage": "storage"} | {key_of(each.name): each.name for each in fields(FunctionSettings)}
"""The settings' fields, by key; an engine is none."""


def overrides() -> Kind[Mapping[str, Mapping[str, Any]]]:
    """Settings by model and key."""
    return table(KINDS, required=(), of="models by name")
