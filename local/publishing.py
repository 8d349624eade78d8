"""Publishing: a further version of a packaged model, and its upload into a bucket."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Pointer
from handlers.manifest_reading import parse_manifest, parse_pointer


def current_version(model: Path) -> int:
    """The version that a packaged model's pointer names."""
    return parse_pointer((model / POINTER_FILE).read_bytes()).version


def versions_of(model: Path) -> list[int]:
    """The versions of a packaged model."""
    return sorted(int(path.name) for path in model.iterdir() if path.name.isdecimal())


def add_version(model: Path, like: int, version: int) -> None:
    """Give a packaged model a further version with the files of another one, as if it were trained anew; the pointer
    stays where it is."""
    source, target = model / str(like), model / str(version)
    shutil.copytree(source, target)
    manifest = parse_manifest((source / MANIFEST_FILE).read_bytes())
    anew = manifest._replace(version=version, fingerprint=f"{manifest.fingerprint}-{version}")
    (target / MANIFEST_FILE).write_text(anew.to_json())


def copy_model(model: Path, name: str, repository: Path) -> Path:
    """Copy a packaged model's current version into a repository under another name. Returns the copy."""
    version = current_version(model)
    copy = repository / name
    shutil.copytree(model / str(version), copy / str(version))
    manifest = copy / str(version) / MANIFEST_FILE
    manifest.write_text(parse_manifest(manifest.read_bytes())._replace(model=name).to_json())
    point(copy, version)
    return copy


def point(model: Path, version: int, labels: Mapping[str, int] | None = None) -> None:
    """Make a version the current one."""
    (model / POINTER_FILE).write_text(Pointer(version=version, labels=labels or {}).to_json())


def publish(s3: Any, bucket: str, model: Path, version: int) -> None:
    """Upload a version in the order of a publication: its files, its manifest, and the pointer that names it last.

    `s3` is a boto3 client of S3.
    """
    directory = model / str(version)
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST_FILE)
    for path in [*files, directory / MANIFEST_FILE]:
        key = f"models/{model.name}/{path.relative_to(model).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    s3.put_object(Bucket=bucket, Key=f"models/{model.name}/{POINTER_FILE}", Body=Pointer(version=version).to_json())
