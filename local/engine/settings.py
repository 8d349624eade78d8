"""A stack's settings in the files that the engine reads: `Pulumi.yaml`, and a stack file of its own."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.stack_config import StackConfigError, project_name

STRUCTURED = {"array", "object", "integer", "boolean"}
"""Types of the schema whose values are not texts."""


def copy_settings(project: Path, stack: str, directory: Path) -> None:
    """Copy the project's file and the stack's into a directory; a stack file that is there already stays."""
    shutil.copyfile(project / "Pulumi.yaml", directory / "Pulumi.yaml")
    name = f"Pulumi.{stack}.yaml"
    if not (directory / name).exists():
        own = _read(project / name)
        _write(directory / name, {"config": own.get("config", {})})


def set_settings(project: Path, file: Path, settings: Mapping[str, Any]) -> None:
    """Set settings in a stack file, whose keys may leave out the project's namespace. What else is in it stays.

    A text is read as JSON where the schema of `Pulumi.yaml` wants no text. Raises StackConfigError.
    """
    if not settings:
        return
    namespace, schema = project_name(project), _schema(project)
    written = _read(file)
    values = dict(written.get("config", {}))
    for key, value in settings.items():
        bare = key.removeprefix(f"{namespace}:")
        full = bare if ":" in bare else f"{namespace}:{bare}"
        values[full] = _typed(full, value, schema.get(bare, "string"))
    _write(file, {**written, "config": values})


def _schema(project: Path) -> dict[str, str]:
    entries = _read(project / "Pulumi.yaml").get("config", {})
    return {key: entry.get("type", "string") for key, entry in entries.items() if isinstance(entry, dict)}


def _typed(key: str, value: Any, kind: str) -> Any:
    if not isinstance(value, str) or kind not in STRUCTURED:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise StackConfigError(f"{key} is {value!r}, and Pulumi.yaml wants {kind} there; write it as JSON") from None


def _read(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.exists() else {}


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(yaml.safe_dump(dict(document), sort_keys=True), encoding="utf-8")
