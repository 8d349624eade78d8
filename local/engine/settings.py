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


def write_settings(project: Path, stack: str, overrides: Mapping[str, Any], directory: Path) -> Path:
    """Write both files into a directory; the stack file's path.

    The stack file has what `Pulumi.STACK.yaml` of the project has, with `overrides` over it, whose keys may leave out
    the project's namespace. A text is read as JSON where the schema wants no text. What the engine wrote into the file
    before, its encryption, stays. Raises StackConfigError.
    """
    namespace, schema = project_name(project), _schema(project)
    shutil.copyfile(project / "Pulumi.yaml", directory / "Pulumi.yaml")
    file = directory / f"Pulumi.{stack}.yaml"
    written = _read(file)
    own = project / f"Pulumi.{stack}.yaml"
    values = dict(_read(own).get("config", {})) if own.exists() else {}
    for key, value in overrides.items():
        bare = key.removeprefix(f"{namespace}:")
        full = bare if ":" in bare else f"{namespace}:{bare}"
        values[full] = _typed(full, value, schema.get(bare, "string"))
    file.write_text(yaml.safe_dump({**written, "config": values}, sort_keys=True), encoding="utf-8")
    return file


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
