"""The files of a version's code, as their author wrote them."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from handlers.manifest import CODE_DIRECTORY, CODE_FILE
from models.packaging.errors import PackagingError

ENTRY = Path(CODE_FILE).name
REQUIREMENTS = "requirements.txt"
LARGEST_BYTES = 50 << 20
"""The most bytes of code with its packages: each environment reads all of them before it answers."""

COMPILED = frozenset({".so", ".pyd", ".dylib", ".dll", ".a", ".o"})


def find_code(beside: Path) -> Path:
    """The code that came with a model: `code/`, or `inference.py` alone. Raises PackagingError if there is none."""
    for path in (beside / CODE_FILE, beside / ENTRY):
        if path.is_file():
            return path.parent if path.parent.name == CODE_DIRECTORY else path
    raise PackagingError(f"{beside} has no {CODE_FILE} and no {ENTRY}; give --code the path of the code")


def code_files(code: Path) -> dict[str, Path]:
    """The files of a directory with `inference.py`, or of that file alone, by their paths in the version.

    Raises PackagingError if there is no `inference.py`, or a file is a link or compiled.
    """
    entry = code / ENTRY if code.is_dir() else code
    if entry.name != ENTRY or not entry.is_file():
        raise PackagingError(f"{code} is no code of a model; give {ENTRY}, or a directory that holds it")
    found = _below(code) if code.is_dir() else iter([entry])
    files = {f"{CODE_DIRECTORY}/{path.relative_to(entry.parent).as_posix()}": path for path in found}
    for path in files.values():
        if path.is_symlink():
            raise PackagingError(f"{path} is a link; put the file in its place")
    refuse_unusable(list(files.values()))
    return files


def refuse_unusable(files: list[Path]) -> None:
    """Raise PackagingError if a file is compiled for one machine, or all are too large together."""
    for path in files:
        if path.suffix.lower() in COMPILED:
            raise PackagingError(f"{path} is compiled for one kind of machine; code and its packages are pure Python")
    if (size := sum(path.stat().st_size for path in files)) > LARGEST_BYTES:
        raise PackagingError(f"the code has {size} bytes with its packages; at most {LARGEST_BYTES} are allowed")


def digest_code(code: Path) -> str:
    """SHA-256 over all files of the code, lower-case hexadecimal. Raises PackagingError."""
    digest = hashlib.sha256()
    for name, path in sorted(code_files(code).items()):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def copy_code(code: Path, directory: Path) -> None:
    """Copy the code into a version's directory. Raises PackagingError."""
    for name, path in code_files(code).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, directory / name)


def _below(directory: Path) -> Iterator[Path]:
    """Files, without caches and without what begins with a dot."""
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        if "__pycache__" not in parts and not any(part.startswith(".") for part in parts) and not path.is_dir():
            yield path
