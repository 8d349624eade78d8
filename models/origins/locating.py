"""Finds the model among the files that an origin gave."""

from pathlib import Path, PurePosixPath

from handlers.manifest_reading import is_plain_path
from models.origins.errors import OriginError
from models.packaging.sources import GRAPH_FILE, SUFFIXES, TEXT_FILE

SHOWN = 8
"""How many paths an error names."""


def locate(directory: Path, inside: str = "") -> Path:
    """The SavedModel directory or the model file below a directory. Of versions side by side, it is the newest.

    Args:
        directory: what was fetched.
        inside: a path in it, where the model is, or below which it is.

    Raises OriginError if there is none, or there are several.
    """
    root = _below(directory, inside) if inside else directory
    if root.is_file():
        return root
    found = _models(root)
    newest = _newest_version(found)
    if newest is not None:
        return newest
    paths = [path.relative_to(directory).as_posix() for path in found]
    if paths:
        raise OriginError(f"{root} holds several models; name one by its path after a '#': {_some(paths)}")
    held = [path.relative_to(directory).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    raise OriginError(
        f"{root} holds neither a SavedModel nor a file that ends in {', '.join(SUFFIXES)}; it holds "
        f"{_some(held) or 'nothing'}"
    )


def _below(directory: Path, inside: str) -> Path:
    path = inside.strip("/")
    if not is_plain_path(path) or not (directory / path).exists():
        held = sorted(each.name for each in directory.iterdir())
        raise OriginError(f"{directory} has no {inside!r}; it has {_some(held) or 'nothing'}")
    return directory / path


def _models(root: Path) -> list[Path]:
    """SavedModel directories, and model files that are not part of one."""
    graphs = {path.parent for name in (GRAPH_FILE, TEXT_FILE) for path in root.rglob(name)}
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)
    return sorted([*graphs, *(path for path in files if graphs.isdisjoint(path.parents))])


def _newest_version(found: list[Path]) -> Path | None:
    """The only model, or the largest of versions as TensorFlow Serving keeps them; None if there is no such."""
    if len(found) == 1:
        return found[0]
    beside = {path.parent for path in found}
    if len(beside) == 1 and all(path.is_dir() and path.name.isascii() and path.name.isdecimal() for path in found):
        return max(found, key=lambda path: int(path.name))
    return None


def _some(paths: list[str]) -> str:
    named = [PurePosixPath(path).as_posix() for path in paths]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more
