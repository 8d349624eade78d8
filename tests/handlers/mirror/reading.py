"""Reading a mirrored repository."""

import hashlib
from pathlib import Path

from handlers.manifest_reading import parse_manifest
from handlers.mirror.directory import ASIDE


def files(root: Path) -> dict[str, bytes]:
    """Every file that a reader could open, by path, without the lock of the mirror."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(".lock") and ASIDE not in path.parts
    }


def served_versions(root: Path, model: str) -> set[int]:
    """The versions that a reader sees: the directories with a number as their name."""
    return {int(path.name) for path in (root / model).glob("*") if path.name.isdecimal()}


def assert_every_version_is_whole(root: Path) -> None:
    """Every version that a reader sees is complete."""
    for path in root.glob("*/[0-9]*/manifest.json"):
        for entry in parse_manifest(path.read_bytes()).engine_files():
            assert hashlib.sha256((path.parent / entry.path).read_bytes()).hexdigest() == entry.sha256
    for directory in root.glob("*/[0-9]*"):
        assert (directory / "manifest.json").is_file()
