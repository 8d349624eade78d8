"""Further versions of packaged models, as publishing writes them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Pointer, parse_manifest, parse_pointer


def current_version(model: Path) -> int:
    """The version that a packaged model's pointer names."""
    return parse_pointer((model / POINTER_FILE).read_bytes()).version


def add_version(model: Path, like: int, version: int) -> None:
    """Give a packaged model a further version with the content of another one; the pointer stays where it is."""
    source, target = model / str(like), model / str(version)
    shutil.copytree(source, target)
    manifest = parse_manifest((source / MANIFEST_FILE).read_bytes())._replace(version=version)
    (target / MANIFEST_FILE).write_text(manifest.to_json())


def point(model: Path, version: int, labels: Mapping[str, int] | None = None) -> None:
    """Make a version the current one."""
    (model / POINTER_FILE).write_text(Pointer(version=version, labels=labels or {}).to_json())


def publish(s3: Any, bucket: str, model: Path, version: int) -> None:
    """Upload a version as publishing does: its files, then its manifest, then the pointer that names it."""
    directory = model / str(version)
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST_FILE)
    for path in [*files, directory / MANIFEST_FILE]:
        key = f"models/{model.name}/{path.relative_to(model).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    s3.put_object(Bucket=bucket, Key=f"models/{model.name}/{POINTER_FILE}", Body=Pointer(version=version).to_json())
