"""A stack's configuration without the Pulumi CLI: defaults from the schema, then the stack's file, then overrides."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
"""The directory of this project, with `Pulumi.yaml` and `__main__.py`."""


RUNNING = Path("build/running")
"""Where stacks of this machine say that they run, below the project's directory: a file for each, by its name."""


class StackConfigError(Exception):
    """A configuration file or an override cannot be read; the message says which one and why."""


@cache
def project_name(project: Path) -> str:
    """The name in `Pulumi.yaml`. Raises StackConfigError."""
    return str(_read(project / "Pulumi.yaml")["name"])


def read_stack_config(project: Path, stack: str, overrides: Mapping[str, str]) -> dict[str, str]:
    """The configuration that the CLI would give to the program, as text by key with namespace.

    Later values win: defaults in `Pulumi.yaml`, `Pulumi.<stack>.yaml`, `overrides`. A key of `overrides` without a
    namespace is the project's own. Raises StackConfigError.
    """
    namespace = project_name(project)
    schema = _read(project / "Pulumi.yaml").get("config", {})
    values = {key: entry["default"] for key, entry in schema.items() if isinstance(entry, dict) and "default" in entry}
    for layer in (_read(project / f"Pulumi.{stack}.yaml").get("config", {}), overrides):
        values |= {key.removeprefix(f"{namespace}:"): value for key, value in layer.items()}
    return {key if ":" in key else f"{namespace}:{key}": _text(value) for key, value in values.items()}


def parse_override(text: str) -> tuple[str, str]:
    """The key and the value of `key=value`. Raises StackConfigError."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise StackConfigError(f"{text!r} is not a setting; write key=value, for example memoryMib=512")
    return key, value


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        stacks = sorted(found.name.split(".")[1] for found in path.parent.glob("Pulumi.*.yaml"))
        raise StackConfigError(f"There is no {path.name}; there are stack files for {', '.join(stacks)}") from None
    except yaml.YAMLError as error:
        raise StackConfigError(f"{path.name} is not YAML: {error}") from None
    return document or {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
